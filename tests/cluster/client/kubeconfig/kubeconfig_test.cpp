#include "cluster/client/kubeconfig/kubeconfig.h"

#include <sys/stat.h>

#include <QtTest>

#include "cluster/base/pki/private_file.h"

using namespace qd::client;
using qd::Reason;
namespace pki = qd::pki;

namespace {

const qd::base::WallTime kNow{std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};

const char* const kExisting = R"(# mine
apiVersion: v1
kind: Config
preferences: {colors: true}
extensions:
- name: something.else
  extension: {a: [1, 2]}
clusters:
- name: prod
  cluster:
    server: https://prod.example:6443
    certificate-authority: ca.crt
    x-unknown: "007"
contexts:
- name: prod
  context: {cluster: prod, user: jane, namespace: shop}
users:
- name: jane
  user:
    token: "12345"
current-context: prod
)";

KubeconfigEntry ours(const std::string& name = "quarterdeck") {
    return {.name = name,
            .server = "https://127.0.0.1:6443",
            .authorityPem = "CA",
            .clientCertificatePem = "CERT",
            .clientKeyPem = "KEY",
            .token = {},
            .namespace_ = {}};
}

mode_t modeOf(const std::filesystem::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

}  // namespace

class KubeconfigTest : public QObject {
    Q_OBJECT
private slots:
    void aNewOneLeadsToItsCluster() {
        const auto access = accessOf(newKubeconfig(ours()), "", "/").value();
        QCOMPARE(access.server, std::string("https://127.0.0.1:6443"));
        QCOMPARE(access.authorityPem, std::string("CA"));
        QCOMPARE(access.clientCertificatePem, std::string("CERT"));
        QCOMPARE(access.clientKeyPem, std::string("KEY"));
        QCOMPARE(access.context, std::string("quarterdeck"));
    }

    void mergingKeepsEverythingElse() {
        const std::string merged = mergeKubeconfig(kExisting, ours(), false).value();
        QVERIFY2(merged.contains("x-unknown: \"007\""), merged.c_str());
        QVERIFY(merged.contains("token: \"12345\""));
        QVERIFY(merged.contains("something.else"));
        QVERIFY(merged.contains("colors"));
        QVERIFY(merged.contains("namespace: shop"));
        const auto contexts = contextsOf(merged).value();
        QCOMPARE(contexts.current, std::string("prod"));
        QVERIFY((contexts.names == std::vector<std::string>{"prod", "quarterdeck"}));
    }

    void mergingTwiceChangesNothing() {
        const std::string once = mergeKubeconfig(kExisting, ours(), true).value();
        QCOMPARE(mergeKubeconfig(once, ours(), true).value(), once);
        QCOMPARE(contextsOf(once)->current, std::string("quarterdeck"));
    }

    void aNewerEntryTakesTheOldOnesPlace() {
        KubeconfigEntry newer = ours();
        newer.server = "https://127.0.0.1:7000";
        const std::string merged =
            mergeKubeconfig(mergeKubeconfig(kExisting, ours(), false).value(), newer, false).value();
        QVERIFY(!merged.contains("6443\n") || merged.contains("prod.example:6443"));
        QCOMPARE(accessOf(merged, "quarterdeck", "/")->server, newer.server);
        QCOMPARE(contextsOf(merged)->names.size(), 2U);
    }

    void aChosenNamespaceStays() {
        std::string text = newKubeconfig(ours());
        const std::size_t user = text.find("      user: quarterdeck");
        QVERIFY2(user != std::string::npos, text.c_str());
        text.insert(user, "      namespace: work\n");
        QCOMPARE(accessOf(mergeKubeconfig(text, ours(), false).value(), "", "/")->namespace_, std::string("work"));
    }

    void removingTakesOnlyOurs() {
        const std::string merged = mergeKubeconfig(kExisting, ours(), true).value();
        const std::string removed = removeFromKubeconfig(merged, "quarterdeck").value();
        QVERIFY(!removed.contains("quarterdeck"));
        QVERIFY(removed.contains("prod.example") && removed.contains("\"12345\""));
        QCOMPARE(contextsOf(removed)->current, std::string());
        QVERIFY((contextsOf(removed)->names == std::vector<std::string>{"prod"}));
    }

    void aClusterThatAnotherContextUsesStays() {
        const std::string text = mergeKubeconfig("", ours(), false).value();
        std::string shared = text;
        shared.replace(shared.find("contexts:\n"), 10,
                       "contexts:\n  - name: admin\n    context:\n      cluster: quarterdeck\n      user: other\n");
        const std::string removed = removeFromKubeconfig(shared, "quarterdeck").value();
        QVERIFY(removed.contains("server: https://127.0.0.1:6443"));
        QVERIFY(!removed.contains("client-key-data"));
    }

    void strangeTextIsRefused_data() {
        QTest::addColumn<QString>("text");
        QTest::newRow("not YAML") << "a: [";
        QTest::newRow("a list") << "- a";
        QTest::newRow("a word") << "hello";
        QTest::newRow("another kind") << "kind: Pod";
        QTest::newRow("clusters is a map") << "clusters: {a: b}";
        QTest::newRow("two documents") << "kind: Config\n---\nkind: Config\n";
        QTest::newRow("kind is a list") << "kind: [Config]";
    }
    void strangeTextIsRefused() {
        QFETCH(QString, text);
        const auto merged = mergeKubeconfig(text.toStdString(), ours(), true);
        QVERIFY(!merged && merged.error().reason == Reason::Invalid);
        QVERIFY(!removeFromKubeconfig(text.toStdString(), "a").has_value());
    }

    void emptyTextIsANewOne_data() {
        QTest::addColumn<QString>("text");
        QTest::newRow("nothing") << "";
        QTest::newRow("blank") << " \n\n";
        QTest::newRow("a comment") << "# nothing here\n";
        QTest::newRow("null lists") << "kind: Config\nclusters:\nusers: null\ncontexts: ~\n";
    }
    void emptyTextIsANewOne() {
        QFETCH(QString, text);
        const auto merged = mergeKubeconfig(text.toStdString(), ours(), false);
        QVERIFY(merged.has_value());
        QCOMPARE(contextsOf(*merged)->current, std::string("quarterdeck"));
    }

    void filesThatItNamesAreReadBesideIt() {
        const QTemporaryDir folder;
        QVERIFY(pki::writePrivateFile(folder.filePath("ca.crt").toStdString(), "PROD-CA").has_value());
        const auto access = accessOf(kExisting, "prod", folder.path().toStdString()).value();
        QCOMPARE(access.authorityPem, std::string("PROD-CA"));
        QCOMPARE(access.token, std::string("12345"));
        QCOMPARE(access.namespace_, std::string("shop"));
        const auto missing = accessOf(kExisting, "prod", "/nowhere");
        QVERIFY(!missing && missing.error().message.contains("ca.crt"));
        const auto unknown = accessOf(kExisting, "test", "/");
        QVERIFY(!unknown && unknown.error().message == "context \"test\" does not exist");
    }

    void aPluginUserIsRefusedWithItsReason() {
        const std::string text =
            "contexts: [{name: a, context: {cluster: a, user: a}}]\n"
            "clusters: [{name: a, cluster: {server: 'https://a'}}]\n"
            "users: [{name: a, user: {exec: {command: x}}}]\n";
        const auto access = accessOf(text, "a", "/");
        QVERIFY(!access && access.error().reason == Reason::NotAcceptable);
    }

    void theFileIsBackedUpAndStaysPrivate() {
        const QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath(".kube/config").toStdString();
        QVERIFY(!mergeIntoFile(file, ours(), false, kNow).value().has_value());
        QCOMPARE(modeOf(file), mode_t(0600));
        QVERIFY(pki::writePrivateFile(file, kExisting, 0644).has_value());
        const auto backup = mergeIntoFile(file, ours(), false, kNow).value();
        QVERIFY(backup.has_value());
        QVERIFY(backup->string().ends_with("config.quarterdeck-backup-20260301T000000Z"));
        QCOMPARE(pki::readFile(*backup).value(), std::string(kExisting));
        QCOMPARE(modeOf(*backup), mode_t(0600));
        QCOMPARE(modeOf(file), mode_t(0600));
        QVERIFY(!mergeIntoFile(file, ours(), false, kNow).value().has_value());
        QVERIFY(removeFromFile(file, "quarterdeck", kNow).value().has_value());
        QVERIFY(!pki::readFile(file)->contains("quarterdeck"));
        QVERIFY(!std::filesystem::exists(file.string() + ".lock"));
    }

    void aFileWithoutOurEntryIsLeftAsItWas() {
        const QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath("config").toStdString();
        QVERIFY(pki::writePrivateFile(file, kExisting).has_value());
        QVERIFY(!removeFromFile(file, "quarterdeck", kNow).value().has_value());
        QCOMPARE(pki::readFile(file).value(), std::string(kExisting));
        QVERIFY(!removeFromFile(folder.filePath("none").toStdString(), "x", kNow).value().has_value());
    }

    void aFileThatCannotBeReadIsNotTouched() {
        const QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath("config").toStdString();
        QVERIFY(pki::writePrivateFile(file, "a: [").has_value());
        QVERIFY(!mergeIntoFile(file, ours(), true, kNow).has_value());
        QCOMPARE(pki::readFile(file).value(), std::string("a: ["));
        QVERIFY(pki::writePrivateFile(file.string() + ".lock", "").has_value());
        const auto locked = mergeIntoFile(file, ours(), true, kNow);
        QVERIFY(!locked && locked.error().reason == Reason::Conflict);
    }

    void theDefaultFileIsKubectls() {
        const QTemporaryDir folder;
        const std::string here = folder.filePath("b").toStdString();
        QVERIFY(pki::writePrivateFile(here, "").has_value());
        QCOMPARE(defaultKubeconfigPath(nullptr, "/home/a").string(), std::string("/home/a/.kube/config"));
        QCOMPARE(defaultKubeconfigPath("", "/home/a").string(), std::string("/home/a/.kube/config"));
        QCOMPARE(defaultKubeconfigPath(("/no/a:" + here + ":/no/c").c_str(), "/home/a").string(), here);
        QCOMPARE(defaultKubeconfigPath("/no/a:/no/c:", "/home/a").string(), std::string("/no/c"));
        QVERIFY(defaultKubeconfigPath(nullptr, nullptr).empty());
    }
};

QTEST_APPLESS_MAIN(KubeconfigTest)
#include "kubeconfig_test.moc"

#include "vmnodes/agent/sync/container_config.h"

#include <QtTest>

#include "tests/vmnodes/agent/fake_cluster.h"

using namespace qd;
using namespace qd::agent;
using namespace qd::agent::sync;

class ContainerConfigTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_pod = {};
        m_pod.metadata.name = "web";
        m_pod.metadata.namespace_ = "shop";
        m_pod.metadata.uid = "u1";
        m_container = {};
        m_container.name = "main";
        m_container.image = "image:1";
    }

    void servicesAreEnvironmentVariables() {
        const auto service = [](const char* ns, const char* name, const char* ip) {
            auto made = std::make_shared<corev1::Service>();
            made->metadata.namespace_ = ns;
            made->metadata.name = name;
            made->spec.clusterIP = ip;
            auto& port = made->spec.ports.emplace_back();
            port.name = "http-main";
            port.port = 80;
            port.protocol = "TCP";
            return std::shared_ptr<const corev1::Service>(made);
        };
        const std::vector services = {service("shop", "my-db", "10.96.0.7"),
                                      service("default", "kubernetes", "10.96.0.1"),
                                      service("other", "hidden", "10.96.0.8"), service("shop", "headless", "None")};
        const Environment all = serviceEnvironment(services, "shop", true);
        QCOMPARE(all.at("MY_DB_SERVICE_HOST"), std::string("10.96.0.7"));
        QCOMPARE(all.at("MY_DB_SERVICE_PORT"), std::string("80"));
        QCOMPARE(all.at("MY_DB_SERVICE_PORT_HTTP_MAIN"), std::string("80"));
        QCOMPARE(all.at("MY_DB_PORT"), std::string("tcp://10.96.0.7:80"));
        QCOMPARE(all.at("MY_DB_PORT_80_TCP_PROTO"), std::string("tcp"));
        QCOMPARE(all.at("KUBERNETES_SERVICE_HOST"), std::string("10.96.0.1"));
        QVERIFY(!all.contains("HIDDEN_SERVICE_HOST"));
        QVERIFY(!all.contains("HEADLESS_SERVICE_HOST"));
        QVERIFY(!serviceEnvironment(services, "shop", false).contains("MY_DB_SERVICE_HOST"));
    }

    void environmentIsResolvedInOrder() {
        FakeCluster cluster;
        cluster.configMaps["cm"].data = {{"A", "1"}, {"B", "2"}};
        cluster.secrets["s"].data["key"].data = "secret";
        m_container.envFrom.emplace_back().configMapRef.emplace().name = "cm";
        m_container.envFrom[0].prefix = "P_";
        const auto add = [&](const char* name, const char* value) -> corev1::EnvVar& {
            auto& variable = m_container.env.emplace_back();
            variable.name = name;
            variable.value = value;
            return variable;
        };
        add("P_B", "own");
        add("JOINED", "$(P_A)-$(P_B)-$(LATER)");
        add("LATER", "x");
        add("SECRET", "").valueFrom.emplace().secretKeyRef.emplace().name = "s";
        m_container.env.back().valueFrom->secretKeyRef->key = "key";
        add("NAME", "").valueFrom.emplace().fieldRef.emplace().fieldPath = "metadata.name";
        const auto environment = containerEnvironment(m_pod, m_container, {}, cluster);
        QVERIFY(environment);
        QCOMPARE(environment->at("P_B"), std::string("own"));
        QCOMPARE(environment->at("JOINED"), std::string("1-own-$(LATER)"));
        QCOMPARE(environment->at("SECRET"), std::string("secret"));
        QCOMPARE(environment->at("NAME"), std::string("web"));
        m_container.env.back().valueFrom->fieldRef.reset();
        m_container.env.back().valueFrom->configMapKeyRef.emplace().name = "cm";
        m_container.env.back().valueFrom->configMapKeyRef->key = "absent";
        QCOMPARE(containerEnvironment(m_pod, m_container, {}, cluster).error().message,
                 std::string("couldn't find key absent in ConfigMap shop/cm"));
        m_container.env.back().valueFrom->configMapKeyRef->optional = true;
        QVERIFY(!containerEnvironment(m_pod, m_container, {}, cluster)->contains("NAME"));
    }

    void namesAreResolvedAsThePolicySays() {
        const DnsSettings settings{
            {"10.96.0.10"}, "cluster.local", parseResolvConf("nameserver 192.168.77.1\nsearch lan\noptions edns0\n")};
        auto dns = podDns(m_pod, settings);
        QVERIFY(dns.servers == std::vector<std::string>{"10.96.0.10"});
        QVERIFY((dns.searches ==
                 std::vector<std::string>{"shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "lan"}));
        QVERIFY(dns.options == std::vector<std::string>{"ndots:5"});
        m_pod.spec.hostNetwork = true;
        QVERIFY(podDns(m_pod, settings).servers == std::vector<std::string>{"192.168.77.1"});
        m_pod.spec.dnsPolicy = "None";
        auto& own = m_pod.spec.dnsConfig.emplace();
        own.nameservers = {"1.1.1.1"};
        own.options.emplace_back().name = "ndots";
        own.options[0].value = "2";
        dns = podDns(m_pod, settings);
        QVERIFY(dns.servers == std::vector<std::string>{"1.1.1.1"});
        QVERIFY(dns.options == std::vector<std::string>{"ndots:2"});
    }

    void theHostsFileNamesThePodAndItsAliases() {
        m_pod.spec.hostname = "db-0";
        m_pod.spec.subdomain = "db";
        auto& alias = m_pod.spec.hostAliases.emplace_back();
        alias.ip = "10.1.2.3";
        alias.hostnames = {"foo", "bar"};
        const std::string text = hostsFile(m_pod, {"10.244.1.5"}, "cluster.local", "");
        QVERIFY(text.find("10.244.1.5\tdb-0.db.shop.svc.cluster.local\tdb-0\n") != std::string::npos);
        QVERIFY(text.find("10.1.2.3\tfoo\tbar\n") != std::string::npos);
    }

    void theContainerCarriesWhatFindsItAgain() {
        m_container.command = {"sh", "-c", "echo $(WORD)"};
        const auto config = containerConfig(input({{"WORD", "hello"}}));
        QVERIFY(config);
        QCOMPARE(config->command.at(2), std::string("echo hello"));
        QCOMPARE(config->labels.at(kPodUidLabel), std::string("u1"));
        QCOMPARE(config->annotations.at(kRestartCountAnnotation), std::string("4"));
        QCOMPARE(config->logPath, std::string("main/4.log"));
        QCOMPARE(config->metadata.attempt, 4U);
        QCOMPARE(config->resources.oomScoreAdj, 1000);
    }

    void theContainersSecurityComesBeforeThePods() {
        auto& ofPod = m_pod.spec.securityContext.emplace();
        ofPod.runAsUser = 1000;
        ofPod.runAsGroup = 2000;
        ofPod.fsGroup = 3000;
        ofPod.seccompProfile.emplace().type = "RuntimeDefault";
        auto& own = m_container.securityContext.emplace();
        own.runAsUser = 1001;
        own.allowPrivilegeEscalation = false;
        own.capabilities.emplace().drop = {"ALL"};
        const auto config = containerConfig(input({}));
        QCOMPARE(*config->security.runAsUser, 1001);
        QCOMPARE(*config->security.runAsGroup, 2000);
        QVERIFY(config->security.supplementalGroups == std::vector<std::int64_t>{3000});
        QVERIFY(config->security.noNewPrivs);
        QVERIFY(config->security.seccomp->type == cri::ProfileType::RuntimeDefault);
        QVERIFY(!config->security.maskedPaths.empty());
    }

    void runAsNonRootIsChecked() {
        m_container.securityContext.emplace().runAsNonRoot = true;
        auto wish = input({});
        wish.imageUser = 0;
        QCOMPARE(containerConfig(wish).error().message,
                 std::string(
                     "container has runAsNonRoot and image will run as root (pod: \"web_shop(u1)\", container: main)"));
        wish.imageUser = 1000;
        QVERIFY(containerConfig(wish));
        wish.imageUser.reset();
        wish.imageUserName = "joe";
        QVERIFY(containerConfig(wish).error().message.find("non-numeric user (joe)") != std::string::npos);
    }

    void theSandboxHasThePodsPortsNamespacesAndGroup() {
        m_pod.spec.containers = {m_container};
        auto& port = m_pod.spec.containers[0].ports.emplace_back();
        port.containerPort = 80;
        port.hostPort = 8080;
        m_pod.spec.shareProcessNamespace = true;
        m_pod.metadata.labels = {{"app", "web"}};
        const auto config = sandboxConfig(m_pod, 2, {});
        QCOMPARE(config.cgroupParent, std::string("/kubepods/besteffort/podu1"));
        QCOMPARE(config.logDirectory, std::string("/var/log/pods/shop_web_u1"));
        QCOMPARE(config.portMappings.at(0).hostPort, 8080);
        QCOMPARE(config.labels.at("app"), std::string("web"));
        QVERIFY(config.security.namespaces.pid == cri::NamespaceMode::Pod);
        QCOMPARE(config.metadata.attempt, 2U);
    }

private:
    ContainerInput input(Environment environment) {
        return {.pod = m_pod,
                .container = m_container,
                .restartCount = 4,
                .imageRef = "sha256:1",
                .imageUser = {},
                .imageUserName = {},
                .environment = std::move(environment),
                .mounts = {},
                .memoryCapacity = 1 << 30,
                .targetContainerId = {}};
    }
    corev1::Pod m_pod;
    corev1::Container m_container;
};

QTEST_APPLESS_MAIN(ContainerConfigTest)
#include "container_config_test.moc"

#include <QtTest>

#include "cluster/api/types/core_v1.h"
#include "cluster/controllers/ttl/ttl_controller.h"
#include "tests/cluster/controllers/scene.h"

using namespace qd;
using namespace qd::controllers;
using namespace qd::tests;
using namespace std::chrono_literals;

namespace {

constexpr char kAnnotation[] = "node.alpha.kubernetes.io/ttl";

std::vector<Descriptor> alone() {
    return {{.name = "ttl-controller", .alias = "ttl", .make = [](Context& context) { return std::make_unique<TtlController>(context); }}};
}

void putNodes(Scene& scene, int count) {
    for (int i = 0; i < count; ++i) {
        corev1::Node node;
        node.metadata.name = "n" + std::to_string(i);
        if (!scene.client.stored<corev1::Node>("", node.metadata.name)) scene.client.put(node);
    }
}

std::string annotationOf(Scene& scene, const std::string& node) {
    const auto found = scene.client.stored<corev1::Node>("", node);
    return found->metadata.annotations.contains(kAnnotation) ? found->metadata.annotations.at(kAnnotation) : "none";
}

}  // namespace

class TtlTest : public QObject {
    Q_OBJECT
private slots:
    void theStepFollowsTheSizeAndDoesNotFlap_data() {
        QTest::addColumn<int>("before");
        QTest::addColumn<int>("nodes");
        QTest::addColumn<int>("seconds");
        QTest::newRow("a small cluster") << 0 << 100 << 0;
        QTest::newRow("one more node") << 0 << 101 << 15;
        QTest::newRow("one fewer again") << 1 << 100 << 15;
        QTest::newRow("well below") << 1 << 89 << 0;
        QTest::newRow("several steps at once") << 0 << 2500 << 300;
        QTest::newRow("and down again") << 4 << 10 << 0;
    }
    void theStepFollowsTheSizeAndDoesNotFlap() {
        QFETCH(int, before);
        QFETCH(int, nodes);
        QTEST(ttlSeconds(ttlStep(static_cast<std::size_t>(before), static_cast<std::size_t>(nodes))), "seconds");
    }

    void everyNodeIsAnnotated() {
        Scene scene(alone());
        putNodes(scene, 2);
        scene.settle();
        QCOMPARE(annotationOf(scene, "n0"), std::string("0"));
        QCOMPARE(joined(scene.client.takeWrites()), QString("patch nodes n0\npatch nodes n1\n"));
        scene.runFor(60s);
        QVERIFY(scene.client.takeWrites().empty());
    }

    void allNodesAreToldWhenTheClusterHasGrown() {
        Scene scene(alone());
        putNodes(scene, 100);
        scene.settle();
        QCOMPARE(annotationOf(scene, "n7"), std::string("0"));
        putNodes(scene, 101);
        scene.settle();
        QCOMPARE(annotationOf(scene, "n7"), std::string("15"));
        QCOMPARE(annotationOf(scene, "n100"), std::string("15"));
    }

    void aFailedWriteIsTriedAgain() {
        Scene scene(alone());
        int refusals = 2;
        scene.client.refuse = [&](const std::string& request) -> std::optional<Error> {
            if (!request.starts_with("patch") || refusals-- <= 0) return std::nullopt;
            return Error{Reason::InternalError, "no"};
        };
        putNodes(scene, 1);
        scene.runFor(10s);
        QCOMPARE(annotationOf(scene, "n0"), std::string("0"));
    }
};

QTEST_APPLESS_MAIN(TtlTest)
#include "ttl_test.moc"

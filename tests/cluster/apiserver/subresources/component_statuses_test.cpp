#include "cluster/apiserver/subresources/component_statuses.h"

#include <QtTest>

#include "cluster/api/types/core_v1.h"
#include "tests/cluster/apiserver/served_store.h"

using namespace qd;
using testing::ServedStore;

class ComponentStatusesTest final : public QObject {
    Q_OBJECT

    ServedStore m_cluster;
    bool m_full = false;

private slots:
    void initTestCase() {
        const auto store = [this]() -> Result<void> {
            if (m_full) return fail(Reason::InternalError, "no space left");
            return {};
        };
        std::vector<apiserver::HealthCheck> parts = {{"scheduler", [] { return Result<void>(); }}, {"etcd-0", store}};
        m_cluster.server().addSubresource("componentstatuses", "", std::make_unique<apiserver::ComponentStatusesHandler>(m_cluster.server(), std::move(parts)));
    }

    void eachPartSaysWhetherItWorks() {
        m_full = false;
        const auto all = m_cluster.ask("GET", "/api/v1/componentstatuses");
        QCOMPARE(all.code, 200);
        QCOMPARE(all.at("/kind"), std::string("ComponentStatusList"));
        QCOMPARE(all.at("/items/0/metadata/name"), std::string("etcd-0"));
        QCOMPARE(all.at("/items/1/metadata/name"), std::string("scheduler"));
        QCOMPARE(all.at("/items/0/conditions/0"), std::string(R"({"type":"Healthy","status":"True","message":"ok"})"));
        m_full = true;
        const auto one = m_cluster.ask("GET", "/api/v1/componentstatuses/etcd-0");
        QCOMPARE(one.at("/conditions/0"), std::string(R"({"type":"Healthy","status":"False","error":"no space left"})"));
    }

    void aPartThatThereIsNotIsNotFound() {
        const auto answer = m_cluster.ask("GET", "/api/v1/componentstatuses/kubelet");
        QCOMPARE(answer.code, 404);
        QCOMPARE(answer.at("/message"), std::string("componentstatus \"kubelet\" not found"));
        QCOMPARE(m_cluster.ask("DELETE", "/api/v1/componentstatuses/etcd-0").code, 405);
    }

    void whoeverAsksIsToldThatTheyAreOutOfUse() {
        const std::vector<std::string> told = {R"(299 - "v1 ComponentStatus is deprecated in v1.19+")"};
        QVERIFY(m_cluster.ask("GET", "/api/v1/componentstatuses").warnings == told);
        QVERIFY(m_cluster.ask("GET", "/api/v1/componentstatuses/kubelet").warnings == told);
        const std::vector<std::string> instead = {R"(299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice")"};
        QVERIFY(m_cluster.ask("GET", "/api/v1/namespaces/default/endpoints").warnings == instead);
        QVERIFY(m_cluster.ask("GET", "/api/v1/namespaces/default/pods").warnings.empty());
    }

    void tablesHaveUpstreamsColumns() {
        const api::Kind& kind = *api::builtinKind("", "v1", "ComponentStatus");
        corev1::ComponentStatus status;
        status.metadata.name = "scheduler";
        const auto cells = [&] {
            QStringList words;
            for (const auto& cell : kind.cells(status, {})) words << QString::fromStdString(std::get<std::string>(cell));
            return words;
        };
        QCOMPARE(cells(), (QStringList{"scheduler", "Unknown", "", ""}));
        status.conditions.resize(1);
        status.conditions[0].type = "Healthy";
        status.conditions[0].status = "True";
        status.conditions[0].message = "ok";
        QCOMPARE(cells(), (QStringList{"scheduler", "Healthy", "ok", ""}));
        status.conditions[0].status = "False";
        QCOMPARE(cells()[1], QString("Unhealthy"));
    }
};

QTEST_APPLESS_MAIN(ComponentStatusesTest)
#include "component_statuses_test.moc"

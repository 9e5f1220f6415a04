#include "cluster/apiserver/allocation/service_allocation.h"

#include <QtTest>

#include "cluster/api/types/networking_v1.h"
#include "cluster/apiserver/admission/store_reader.h"
#include "cluster/apiserver/verbs/verbs.h"
#include "cluster/base/simulation.h"
#include "cluster/store/api_codec.h"

using namespace qd;
using namespace qd::apiserver;
using corev1::Service;
using networkingv1::IPAddress;
using networkingv1::ServiceCIDR;

namespace {

// Services of 10.96.0.0/24, whose last sixteen addresses are kept for load balancers.
class Allocated {
public:
    Allocated()
        : m_store(*store::Store::open({.file = {}, .commit = store::CommitMode::Inline}, m_codec, m_executor.clock())),
          m_reader(*m_store),
          m_verbs({*m_store, m_executor.clock(), m_random, m_plugins, m_reader}) {
        const ServiceRanges ranges{.addresses = *api::IpNetwork::parse("10.96.0.0/24"),
                                   .reserved = api::IpNetwork::parse("10.96.0.240/28")};
        m_plugins.push_back(std::make_unique<ServiceAllocation>(ranges, m_executor.clock(), m_random, m_store.get()));
    }

    // The address it got, or why it got none.
    std::string create(const std::string& name, const std::string& ip = {}, bool dryRun = false) {
        auto made = std::make_unique<Service>();
        made->metadata.name = name;
        made->spec.clusterIP = ip;
        made->spec.ports.emplace_back().port = 80;
        kindOf<Service>()->defaults(*made);
        const auto written = m_verbs.create({}, target<Service>(name, "shop"), std::move(made), {.dryRun = dryRun});
        if (!written) return written.error().message;
        return static_cast<const Service&>(*written->object).spec.clusterIP;
    }
    void createCidr(const std::string& name, const std::string& range, const char* ready = "True") {
        auto made = std::make_unique<ServiceCIDR>();
        made->metadata.name = name;
        made->spec.cidrs = {range};
        auto& condition = made->status.conditions.emplace_back();
        condition.type = "Ready";
        condition.status = ready;
        put(std::move(made));
    }
    template <typename T>
    void put(std::unique_ptr<T> object) {
        const store::Key key{kindOf<T>()->groupResource(), object->metadata.namespace_, object->metadata.name};
        QVERIFY(m_store->submit({.operation = store::Operation::Create, .key = key, .object = std::move(object)})
                    .has_value());
    }
    template <typename T>
    void remove(const std::string& name, const std::string& ns = {}) {
        QVERIFY(m_verbs.remove({}, target<T>(name, ns), {}).has_value());
    }
    // "10.96.0.7 shop/web" of each IPAddress.
    QStringList addresses() const {
        QStringList lines;
        for (const auto& object : m_reader.list("ipaddresses.networking.k8s.io", "")) {
            const auto& address = static_cast<const IPAddress&>(*object);
            lines << QString::fromStdString(address.metadata.name + " " + address.spec.parentRef->namespace_ + "/" +
                                            address.spec.parentRef->name);
        }
        return lines;
    }

private:
    template <typename T>
    static const api::Kind* kindOf() {
        const auto* name = T::kDescriptor.kind;
        return api::builtinKind(name->group, name->version, name->kind);
    }
    template <typename T>
    static Target target(const std::string& name, const std::string& ns) {
        return {kindOf<T>(), ns, name, ""};
    }

    base::SimulatedExecutor m_executor{1};
    base::Random m_random{2};
    store::ApiCodec m_codec;
    std::unique_ptr<store::Store> m_store;
    StoreReader m_reader;
    std::vector<std::unique_ptr<AdmissionPlugin>> m_plugins;
    Verbs m_verbs;
};

}  // namespace

class ServiceAllocationTest : public QObject {
    Q_OBJECT
private slots:
    void anAddressIsWrittenDown() {
        Allocated cluster;
        const std::string ip = cluster.create("web");
        QVERIFY2(ip.starts_with("10.96.0."), ip.c_str());
        QCOMPARE(cluster.addresses(), QStringList{QString::fromStdString(ip + " shop/web")});
        QCOMPARE(cluster.create("headless", "None"), std::string("None"));
        QVERIFY(!cluster.create("dry", {}, true).empty());
        QCOMPARE(cluster.addresses().size(), 1);
    }

    void anAddressIsGivenOnce() {
        Allocated cluster;
        QCOMPARE(cluster.create("web", "10.96.0.7"), std::string("10.96.0.7"));
        QVERIFY(cluster.create("other", "10.96.0.7")
                    .ends_with("failed to allocate IP 10.96.0.7: provided IP is already allocated"));
        cluster.remove<Service>("web", "shop");
        QCOMPARE(cluster.addresses(), QStringList{"10.96.0.7 shop/web"});  // until it is taken away
        QCOMPARE(cluster.create("other", "10.96.0.7"), std::string("10.96.0.7"));
        QCOMPARE(cluster.addresses(), QStringList{"10.96.0.7 shop/other"});
    }

    void anAddressThatSomebodyHasWrittenDownIsTaken() {
        Allocated cluster;
        auto mine = std::make_unique<IPAddress>();
        mine->metadata.name = "10.96.0.7";
        auto& parent = mine->spec.parentRef.emplace();
        parent.group = "gateway.networking.k8s.io";
        parent.resource = "gateways";
        parent.name = "edge";
        cluster.put(std::move(mine));
        QVERIFY(cluster.create("web", "10.96.0.7").ends_with("provided IP is already allocated"));
    }

    void loadBalancersKeepTheirs() {
        Allocated cluster;
        QVERIFY(cluster.create("web", "10.96.0.250").ends_with("provided IP is already allocated"));
        for (int i = 0; i < 239; ++i) QVERIFY(cluster.create("s" + std::to_string(i)).starts_with("10.96.0."));
        QVERIFY(cluster.create("last").ends_with("range is full"));
    }

    void addressesComeFromTheRangesThatAreReady() {
        Allocated cluster;
        cluster.createCidr("kubernetes", "10.96.0.0/30");
        cluster.createCidr("later", "10.97.0.0/24", "False");
        QVERIFY(cluster.create("a").starts_with("10.96.0."));
        QVERIFY(cluster.create("b").starts_with("10.96.0."));
        QVERIFY(cluster.create("c").ends_with("range is full"));
        QVERIFY(cluster.create("c", "10.97.0.7").ends_with("the provided network does not match the current range"));
        cluster.createCidr("more", "10.98.0.0/24");
        QVERIFY(cluster.create("c").starts_with("10.98.0."));
        QCOMPARE(cluster.create("d", "10.98.0.77"), std::string("10.98.0.77"));
    }
};

QTEST_APPLESS_MAIN(ServiceAllocationTest)
#include "service_allocation_test.moc"

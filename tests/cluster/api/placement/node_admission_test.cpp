#include "cluster/api/placement/node_admission.h"

#include <QtTest>
#include <boost/json/serialize.hpp>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/yaml.h"

using namespace qd;
using namespace qd::api::placement;

namespace {

template <typename T>
T read(const std::string& yaml) {
    const auto documents = api::parseYaml(yaml);
    if (!documents) qFatal("%s", documents.error().message.c_str());
    auto object = api::decodeJson<T>(boost::json::serialize(documents->front().tree));
    if (!object) qFatal("%s", object.error().message.c_str());
    return *object;
}

const char kNode[] = R"(
metadata: {name: n1, labels: {kubernetes.io/os: linux, zone: a}}
spec:
  taints:
  - {key: paused, effect: NoSchedule}
  - {key: broken, effect: NoExecute}
status:
  capacity: {cpu: "8", memory: 8Gi, ephemeral-storage: 10Gi, pods: "20", hugepages-2Mi: 8Mi, example.com/dongle: "4"}
  allocatable: {cpu: "4", memory: 4Gi, ephemeral-storage: 10Gi, pods: "3", hugepages-2Mi: 8Mi, example.com/dongle: "2"}
)";

// What is on the node: 2 of 4 CPUs, 1 of 4 GiB, 2 of 3 Pods, a dongle, the port 80 of all addresses.
const char kThere[] = R"(
metadata: {name: there, namespace: default}
spec:
  nodeName: n1
  containers:
  - name: c
    image: app:1
    ports: [{containerPort: 80, hostPort: 80}]
    resources: {requests: {cpu: "2", memory: 1Gi, example.com/dongle: "1"}}
)";

// Everything that a Pod needs to be let in, in few words.
std::string pod(const std::string& spec, const std::string& metadata = "") {
    return "metadata: {name: p, namespace: default" + (metadata.empty() ? "" : ", " + metadata) +
           "}\nspec:\n  nodeName: n1\n  tolerations: [{key: broken, operator: Exists}]\n" + spec;
}

std::string asking(const std::string& requests) {
    return "  containers: [{name: c, image: 'app:1', resources: {requests: {" + requests + "}}}]\n";
}

std::string opening(const std::string& port) {
    return "  containers: [{name: c, image: 'app:1', ports: [{containerPort: 1, " + port + "}]}]\n";
}

const std::string kPlain = "  containers: [{name: c, image: 'app:1'}]\n";

std::string shortOf(const std::string& resource, const std::string& wanted, const std::string& used, const std::string& capacity) {
    return "Node didn't have enough resource: " + resource + ", requested: " + wanted + ", used: " + used +
           ", capacity: " + capacity;
}

}  // namespace

class NodeAdmissionTest : public QObject {
    Q_OBJECT
private slots:
    void aNodeTakesWhatFits_data() {
        QTest::addColumn<QString>("yaml");
        QTest::addColumn<QString>("reason");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* name, const std::string& yaml, const char* reason = "", const std::string& message = "") {
            QTest::newRow(name) << QString::fromStdString(yaml) << QString(reason) << QString::fromStdString(message);
        };
        row("without requests", pod(kPlain));
        row("all that is left", pod(asking("cpu: '2', memory: 3Gi, ephemeral-storage: 10Gi, example.com/dongle: '1'")));
        row("CPU, of what is allocatable", pod(asking("cpu: 2001m")), "OutOfcpu", shortOf("cpu", "2001", "2000", "4000"));
        row("memory", pod(asking("memory: 3073Mi")), "OutOfmemory", shortOf("memory", "3222274048", "1073741824", "4294967296"));
        row("CPU before memory", pod(asking("cpu: '3', memory: 9Gi")), "OutOfcpu", shortOf("cpu", "3000", "2000", "4000"));
        row("disk", pod(asking("ephemeral-storage: 11Gi")), "OutOfephemeral-storage",
            shortOf("ephemeral-storage", "11811160064", "0", "10737418240"));
        row("huge pages", pod(asking("hugepages-2Mi: 16Mi")), "OutOfhugepages-2Mi",
            shortOf("hugepages-2Mi", "16777216", "0", "8388608"));
        row("huge pages that it does not have", pod(asking("hugepages-1Gi: 1Gi")), "OutOfhugepages-1Gi",
            shortOf("hugepages-1Gi", "1073741824", "0", "0"));
        row("an extended resource", pod(asking("example.com/dongle: '2'")), "OutOfexample.com/dongle",
            shortOf("example.com/dongle", "2", "1", "2"));
        row("an extended resource that it does not know", pod(asking("example.com/other: '7'")));
        row("the whole Pod's", pod(asking("cpu: '3'") + "  resources: {requests: {cpu: '1'}}\n"));
        row("the whole Pod's, too much", pod(asking("cpu: '1'") + "  resources: {requests: {cpu: '3'}}\n"), "OutOfcpu",
            shortOf("cpu", "3000", "2000", "4000"));
        row("the whole Pod's huge pages", pod(asking("cpu: '1'") + "  resources: {requests: {hugepages-2Mi: 16Mi}}\n"),
            "OutOfhugepages-2Mi", shortOf("hugepages-2Mi", "16777216", "0", "8388608"));
        row("overhead", pod(asking("cpu: '2'") + "  overhead: {cpu: 100m}\n"), "OutOfcpu", shortOf("cpu", "2100", "2000", "4000"));
        row("an init container", pod(asking("cpu: '1'") + "  initContainers: [{name: i, image: 'app:1', resources: {requests: {cpu: '3'}}}]\n"),
            "OutOfcpu", shortOf("cpu", "3000", "2000", "4000"));
        row("a sidecar", pod(asking("cpu: '1'") + "  initContainers: [{name: i, image: 'app:1', restartPolicy: Always, resources: {requests: {cpu: 1500m}}}]\n"),
            "OutOfcpu", shortOf("cpu", "2500", "2000", "4000"));

        row("a port that is free", pod(opening("hostPort: 81")));
        row("the port of another protocol", pod(opening("hostPort: 80, protocol: UDP")));
        row("a port that is taken", pod(opening("hostPort: 80")), "NodePorts",
            "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports");
        row("a port that is taken on all addresses", pod(opening("hostPort: 80, hostIP: 127.0.0.1")), "NodePorts",
            "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports");

        const std::string elsewhere = "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        row("a selector that matches", pod(kPlain + "  nodeSelector: {zone: a}\n"));
        row("a selector that does not", pod(kPlain + "  nodeSelector: {zone: b}\n"), "NodeAffinity", elsewhere);
        row("an affinity that does not",
            pod(kPlain + "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
                         "[{matchExpressions: [{key: zone, operator: NotIn, values: [a]}]}]}}}\n"),
            "NodeAffinity", elsewhere);
        row("resources before everything else", pod(asking("cpu: '3'") + "  nodeSelector: {zone: b}\n"), "OutOfcpu",
            shortOf("cpu", "3000", "2000", "4000"));

        std::string untolerating = pod(kPlain);
        untolerating.replace(untolerating.find("key: broken"), 11, "key: paused");
        row("a taint that does not let Pods run", untolerating, "TaintToleration",
            "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate");
        row("a taint that does not let Pods run, and a static Pod",
            "metadata: {name: p, annotations: {kubernetes.io/config.source: file}}\nspec:\n" + kPlain);
        std::string other = pod(kPlain);
        other.replace(other.find("nodeName: n1"), 12, "nodeName: n2");
        row("another node's", other, "NodeName", "Predicate NodeName failed: node(s) didn't match the requested node name");

        row("a static Pod, whatever it asks", pod(asking("cpu: '9'"), "annotations: {kubernetes.io/config.source: file}"));
        row("a mirror Pod, whatever it asks", pod(asking("cpu: '9'"), "annotations: {kubernetes.io/config.mirror: abc}"));
        row("a Pod of the API, so annotated", pod(asking("cpu: '9'"), "annotations: {kubernetes.io/config.source: api}"), "OutOfcpu",
            shortOf("cpu", "9000", "2000", "4000"));

        row("a label of its system", pod(kPlain, "labels: {kubernetes.io/os: linux}"));
        row("a label of another system", pod(kPlain, "labels: {kubernetes.io/os: windows}"), "PodOSSelectorNodeLabelDoesNotMatch",
            "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label");
        row("its system", pod(kPlain + "  os: {name: linux}\n"));
        row("another system", pod(kPlain + "  os: {name: windows}\n"), "PodOSNotSupported",
            "Failed to admit pod as the OS field doesn't match node OS");
        row("groups that it cannot keep away", pod(kPlain + "  securityContext: {supplementalGroupsPolicy: Strict}\n"),
            "SupplementalGroupsPolicyNotSupported", "SupplementalGroupsPolicy=Strict is not supported in this node");
        row("groups as ever", pod(kPlain + "  securityContext: {supplementalGroupsPolicy: Merge}\n"));

        const auto sysctl = [](const std::string& name) {
            return kPlain + "  securityContext: {sysctls: [{name: " + name + ", value: '1'}]}\n";
        };
        row("a safe sysctl", pod(sysctl("net.ipv4.tcp_syncookies")));
        row("a safe sysctl, with slashes", pod(sysctl("net/ipv4/tcp_syncookies")));
        row("another sysctl", pod(sysctl("kernel.msgmax")), "SysctlForbidden",
            "forbidden sysctl: \"kernel.msgmax\" not allowlisted");
        row("a sysctl of a network that is not the Pod's own", pod(sysctl("net.ipv4.tcp_syncookies") + "  hostNetwork: true\n"),
            "SysctlForbidden", "forbidden sysctl: \"net.ipv4.tcp_syncookies\" not allowed with host Net enabled");
    }
    void aNodeTakesWhatFits() {
        QFETCH(QString, yaml);
        QFETCH(QString, reason);
        QFETCH(QString, message);
        PodNeeds taken = needsOf(read<corev1::Pod>(kThere));
        taken += needsOf(corev1::Pod());
        const auto refusal = refusalOf(read<corev1::Pod>(yaml.toStdString()), read<corev1::Node>(kNode), taken);
        QCOMPARE(QString::fromStdString(refusal ? refusal->reason : ""), reason);
        QCOMPARE(QString::fromStdString(refusal ? refusal->message : ""), message);
    }

    void aFullNodeTakesNoMore() {
        PodNeeds taken;
        for (int i = 0; i < 3; ++i) taken += needsOf(corev1::Pod());
        const auto refusal = refusalOf(read<corev1::Pod>(pod(kPlain)), read<corev1::Node>(kNode), taken);
        QVERIFY(refusal);
        QCOMPARE(refusal->reason, std::string("OutOfpods"));
        QCOMPARE(refusal->message, shortOf("pods", "1", "3", "3"));
    }

    void aNodeThatKeepsGroupsAwayTakesPodsThatAskForIt() {
        auto node = read<corev1::Node>(kNode);
        node.status.features.emplace().supplementalGroupsPolicy = true;
        QVERIFY(!refusalOf(read<corev1::Pod>(pod(kPlain + "  securityContext: {supplementalGroupsPolicy: Strict}\n")), node, {}));
    }

    void aRefusedPodHasFailedAndSaysWhy() {
        auto refused = read<corev1::Pod>(pod(kPlain));
        refused.status = read<corev1::Pod>(R"(
status:
  phase: Pending
  qosClass: Burstable
  observedGeneration: 3
  conditions: [{type: PodScheduled, status: "True"}, {type: example.com/mine, status: "True"}]
  containerStatuses: [{name: c, state: {waiting: {reason: ContainerCreating}}}]
)").status;
        refused.metadata.generation = 4;
        const base::WallTime now{std::chrono::hours(1)};
        const auto status = refusedStatus(refused, {"OutOfcpu", "too little"}, now);
        QCOMPARE(status.phase, std::string("Failed"));
        QCOMPARE(status.reason, std::string("OutOfcpu"));
        QCOMPARE(status.message, std::string("Pod was rejected: too little"));
        QCOMPARE(status.qosClass, std::string("Burstable"));
        QVERIFY(status.observedGeneration == 4);
        QVERIFY(status.startTime == api::Time(now));
        QVERIFY(status.containerStatuses.empty());
        QCOMPARE(status.conditions.size(), 1U);
        QCOMPARE(status.conditions[0].type, std::string("example.com/mine"));
        refused.status = status;
        QVERIFY(refusedStatus(refused, {"OutOfcpu", "too little"}, now + std::chrono::hours(1)) == status);
    }

    void aNodeRefusesSomeAtOnceAndThenOneEachSecond() {
        RefusalPace pace;
        base::SteadyTime now{std::chrono::hours(1)};
        for (int i = 0; i < 25; ++i) {
            QVERIFY(pace.left(now) == base::Duration(0));
            pace.spend(now);
        }
        QVERIFY(pace.left(now) == std::chrono::seconds(1));
        now += std::chrono::milliseconds(1500);
        QVERIFY(pace.left(now) == base::Duration(0));
        pace.spend(now);
        QVERIFY(pace.left(now) == std::chrono::milliseconds(500));
        now += std::chrono::seconds(60);
        QVERIFY(pace.left(now) == base::Duration(0));
    }
};

QTEST_APPLESS_MAIN(NodeAdmissionTest)
#include "node_admission_test.moc"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "vmnodes/agent/cgroups/hierarchy.h"

using namespace qd;
using namespace qd::agent::cgroups;

namespace {

corev1::Container container(const char* cpuRequest, const char* cpuLimit, const char* memoryRequest,
                            const char* memoryLimit) {
    corev1::Container one;
    if (*cpuRequest) one.resources.requests["cpu"] = api::Quantity::of(cpuRequest);
    if (*cpuLimit) one.resources.limits["cpu"] = api::Quantity::of(cpuLimit);
    if (*memoryRequest) one.resources.requests["memory"] = api::Quantity::of(memoryRequest);
    if (*memoryLimit) one.resources.limits["memory"] = api::Quantity::of(memoryLimit);
    return one;
}

corev1::Pod podOf(std::vector<corev1::Container> containers) {
    corev1::Pod pod;
    pod.metadata.uid = "u1";
    pod.spec.containers = std::move(containers);
    return pod;
}

std::string read(const std::string& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

}  // namespace

class CgroupsTest : public QObject {
    Q_OBJECT
private slots:
    void theClassFollowsFromRequestsAndLimits() {
        QVERIFY(qosClass(podOf({container("", "", "", "")})) == QosClass::BestEffort);
        QVERIFY(qosClass(podOf({container("100m", "", "", "")})) == QosClass::Burstable);
        QVERIFY(qosClass(podOf({container("100m", "100m", "1Gi", "1Gi")})) == QosClass::Guaranteed);
        QVERIFY(qosClass(podOf({container("", "100m", "", "1Gi")})) == QosClass::Guaranteed);
        QVERIFY(qosClass(podOf({container("100m", "200m", "1Gi", "1Gi")})) == QosClass::Burstable);
        QVERIFY(qosClass(podOf({container("100m", "100m", "1Gi", "1Gi"), container("", "", "", "")})) ==
                QosClass::Burstable);
    }

    void anInitContainerCountsOnlyWhileItRunsAndASidecarAlways() {
        corev1::Pod pod = podOf({container("100m", "", "", ""), container("200m", "", "", "")});
        pod.spec.initContainers = {container("50m", "", "", ""), container("500m", "", "", "")};
        pod.spec.initContainers[0].restartPolicy = "Always";
        QCOMPARE(podRequests(pod).milliCpu, 550);  // the sidecar beside the second init container
        pod.spec.initContainers[1] = container("10m", "", "", "");
        QCOMPARE(podRequests(pod).milliCpu, 350);  // the sidecar beside the regular ones
    }

    void aPodIsLimitedOnlyWhenAllItsContainersAre() {
        QVERIFY(!podLimits(podOf({container("", "1", "", ""), container("", "", "", "")})).hasCpu);
        const Amounts limits = podLimits(podOf({container("", "1", "", "64Mi"), container("", "500m", "", "64Mi")}));
        QCOMPARE(limits.milliCpu, 1500);
        QCOMPARE(limits.memory, 128LL << 20);
    }

    void sharesQuotaAndWeightAreThoseOfTheRuntime() {
        QCOMPARE(cpuShares(0), 2U);
        QCOMPARE(cpuShares(1000), 1024U);
        QCOMPARE(cpuQuota(0), 0);
        QCOMPARE(cpuQuota(5), 1000);
        QCOMPARE(cpuQuota(250), 25'000);
        QCOMPARE(cpuWeight(2), 1U);
        QCOMPARE(cpuWeight(1024), 100U);
        QCOMPARE(cpuWeight(262'144), 10'000U);
    }

    void theOutOfMemoryScoreFavoursWhoReservedMore() {
        const std::int64_t node = 4LL << 30;
        const auto score = [&](const corev1::Container& one) { return oomScoreAdjust(podOf({one}), one, node); };
        QCOMPARE(score(container("", "", "", "")), 1000);
        QCOMPARE(score(container("1", "1", "1Gi", "1Gi")), -997);
        QCOMPARE(score(container("", "", "1Gi", "")), 750);
        QCOMPARE(score(container("", "", "4Gi", "")), 3);
        QCOMPARE(score(container("1m", "", "1Mi", "")), 999);
    }

    void theHierarchyIsMadeLimitedAndRemoved() {
        QTemporaryDir folder;
        const std::string root = folder.path().toStdString();
        std::ofstream(root + "/cgroup.controllers") << "cpuset cpu io memory pids";
        for (const char* group :
             {"", "/kubepods", "/kubepods/burstable", "/kubepods/besteffort", "/kubepods/burstable/podu1"}) {
            QDir().mkpath(QString::fromStdString(root + group));
            for (const char* file : {"cgroup.subtree_control", "cpu.weight", "cpu.max", "memory.max"})
                std::ofstream(root + group + "/" + file);
        }
        Hierarchy hierarchy(root);
        const auto made = hierarchy.setUp(1900, 1 << 30);
        QVERIFY2(made, made ? "" : made.error().message.c_str());
        QCOMPARE(read(root + "/kubepods/cgroup.subtree_control"), std::string("+cpuset +cpu +io +memory +pids"));
        QCOMPARE(read(root + "/kubepods/memory.max"), std::string("1073741824"));
        const corev1::Pod pod = podOf({container("100m", "500m", "", "64Mi")});
        QVERIFY(hierarchy.ensurePod(pod));
        const std::string group = "/kubepods/burstable/podu1";
        QCOMPARE(Hierarchy::podGroup(pod), group);
        QCOMPARE(read(root + group + "/cpu.max"), std::string("50000 100000"));
        QCOMPARE(read(root + group + "/memory.max"), std::string("67108864"));
        QCOMPARE(hierarchy.pods().size(), 1U);
    }

    void usageIsReadFromTheCounters() {
        QTemporaryDir folder;
        const std::string root = folder.path().toStdString();
        QVERIFY(!readUsage(root));
        std::ofstream(root + "/memory.current") << "1000000\n";
        std::ofstream(root + "/memory.stat")
            << "anon 300000\nfile 600000\ninactive_file 400000\npgfault 7\npgmajfault 2\n";
        std::ofstream(root + "/cpu.stat") << "usage_usec 1500\nuser_usec 1000\n";
        const auto usage = readUsage(root);
        QCOMPARE(usage->cpuNanoseconds, 1'500'000U);
        QCOMPARE(usage->workingSetBytes, 600'000U);
        QCOMPARE(usage->rssBytes, 300'000U);
        QCOMPARE(usage->majorPageFaults, 2U);
    }

    void theMachineUsesWhatIsNotAvailable() {
        QTemporaryDir folder;
        const std::string root = folder.path().toStdString(), meminfo = root + "/meminfo";
        QVERIFY(!readMachineUsage(root, meminfo));
        std::ofstream(meminfo) << "MemTotal:  1000000 kB\nMemFree:   100000 kB\nMemAvailable:  700000 kB\nHugePages_Total:  0\n";
        std::ofstream(root + "/cpu.stat") << "usage_usec 2500\nuser_usec 1000\n";
        const auto usage = readMachineUsage(root, meminfo);
        QCOMPARE(usage->cpuNanoseconds, 2'500'000U);
        QCOMPARE(usage->workingSetBytes, 300'000U * 1024);
    }
};

QTEST_APPLESS_MAIN(CgroupsTest)
#include "cgroups_test.moc"

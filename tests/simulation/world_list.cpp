#include "tests/simulation/worlds/worlds.h"

namespace qd::simulation {

const std::vector<WorldKind>& worlds() {
    static const std::vector<WorldKind> list = {
        {"deployment", deploymentWorld},
        {"statefulset", statefulSetWorld},
        {"daemonset", daemonSetWorld},
        {"job", jobWorld},
        {"cronjob", cronJobWorld},
        {"autoscaler", autoscalerWorld},
        {"quota", quotaWorld},
        {"disruption", disruptionWorld},
        {"garbage", garbageWorld},
        {"taint", taintWorld},
        {"volumes", volumesWorld},
        {"mirroring", mirroringWorld},
        {"ttl", ttlWorld},
        {"finished", finishedWorld},
        {"certificates", certificatesWorld},
    };
    return list;
}

}  // namespace qd::simulation

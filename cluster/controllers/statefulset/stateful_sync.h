// One sync of one StatefulSet. With ordered Pods it takes a single step: whatever has to wait for a Pod ends it.
#pragma once

#include <vector>

#include "cluster/controllers/replicaset/replica_plan.h"
#include "cluster/controllers/runtime/controller.h"
#include "cluster/controllers/runtime/expectations.h"
#include "cluster/controllers/statefulset/stateful_identity.h"

namespace qd::controllers {

class StatefulSync {
public:
    struct Surroundings {
        Context& context;
        Expectations& expectations;
        client::Informer& pods;
        client::Informer& claims;
        const std::string& key;
    };
    // A revision and the template that it keeps.
    struct Version {
        std::string name;
        corev1::PodTemplateSpec ofTemplate;
    };

    StatefulSync(Surroundings around, const appsv1::StatefulSet& set, Version current, Version update, Pods pods);

    // The status is complete also when a step failed.
    Result<void> run();
    appsv1::StatefulSetStatus status() const { return m_status; }
    // Whether a Pod could not be made because a claim of the one before it is still to go: no event of the set's own
    // tells when it is gone.
    bool awaitsClaims() const { return m_awaitsClaims; }

private:
    struct Replica {
        int ordinal = 0;
        client::Ptr<corev1::Pod> pod;  // one still to be made has no phase
        bool exists() const { return !pod->status.phase.empty(); }
    };
    // Whether a step may be followed by the next one.
    enum class Next : std::uint8_t { GoOn, Stop };

    void sort(const Pods& pods);
    client::Ptr<corev1::Pod> planned(int ordinal) const;
    bool isAvailableNow(const corev1::Pod& pod) const;
    bool isMissing(const corev1::Pod& pod) const;  // not available, or going
    const corev1::Pod* firstMissing() const;
    template <typename Step>
    Result<Next> forAll(std::vector<Replica>& replicas, Step step);
    Result<Next> tend(Replica& replica);
    Result<Next> condemn(Replica& replica);
    Result<void> update();
    void count();

    Result<void> make(const Replica& replica);
    Result<void> makeClaims(const Replica& replica);
    Result<void> settleOwners(const Replica& replica);
    bool claimsAreStale(const Replica& replica) const;
    Result<void> restore(const Replica& replica);
    Result<void> remove(const corev1::Pod& pod);
    void tell(const char* verb, const std::string& what, const Result<void>& outcome);

    Surroundings m_around;
    const appsv1::StatefulSet& m_set;
    Version m_current, m_update;
    std::vector<Replica> m_replicas;   // by ordinal
    std::vector<Replica> m_condemned;  // the highest ordinal first
    appsv1::StatefulSetStatus m_status;
    base::WallTime m_now;
    bool m_ordered;
    bool m_awaitsClaims = false;
};

}  // namespace qd::controllers

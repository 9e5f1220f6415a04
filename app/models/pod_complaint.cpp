#include "app/models/pod_complaint.h"

#include <map>

namespace qd::models {

using views::State;

Complaint worstOf(const std::vector<const corev1::Pod*>& pods, base::WallTime now) {
    std::map<QString, Complaint> byWord;
    Complaint worst;
    int staying = 0;
    for (const corev1::Pod* pod : pods) {
        const PodSummary summary = summarize(*pod, now);
        if (summary.state == State::Leaving) continue;
        ++staying;
        const bool stands = summary.state == State::Failed || !summary.remedy.isEmpty();
        if (!stands) continue;
        Complaint& complaint = byWord[summary.word];
        if (complaint.count++ == 0) complaint.pod = summary;
        if (complaint.count > worst.count) worst = complaint;
    }
    worst.of = staying;
    return worst;
}

}  // namespace qd::models

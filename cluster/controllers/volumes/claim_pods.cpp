#include "cluster/controllers/volumes/claim_pods.h"

#include "cluster/api/volumes/attachment_rules.h"

namespace qd::controllers {
namespace {

constexpr char kByClaim[] = "volumes/claims";

}  // namespace

void addClaimIndex(client::Informer& pods) {
    pods.addIndex(kByClaim,
                  [](const api::Object& pod) { return api::volumes::claimKeys(static_cast<const corev1::Pod&>(pod)); });
}

std::vector<client::Ptr<corev1::Pod>> podsUsing(const client::Informer& pods, const std::string& claimKey) {
    return client::Lister<corev1::Pod>(pods).byIndex(kByClaim, claimKey);
}

}  // namespace qd::controllers

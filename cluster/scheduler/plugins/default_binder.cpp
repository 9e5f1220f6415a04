#include "cluster/scheduler/plugins/default_binder.h"

#include "cluster/client/typed.h"

namespace qd::scheduler {

std::optional<Result<void>> DefaultBinder::bind(const corev1::Pod& pod, const std::string& node) {
    corev1::Binding binding;
    binding.metadata.namespace_ = pod.metadata.namespace_;
    binding.metadata.name = pod.metadata.name;
    binding.metadata.uid = pod.metadata.uid;  // not another Pod of the same name
    binding.target.kind = "Node";
    binding.target.name = node;
    auto bound = m_client.create(client::resourceOf<corev1::Pod>(), pod.metadata.namespace_, binding, {}, pod.metadata.name, "binding");
    if (!bound) return Result<void>(fail(std::move(bound.error())));
    return Result<void>();
}

}  // namespace qd::scheduler

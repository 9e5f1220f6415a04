#include "cluster/client/label_index.h"

#include <algorithm>
#include <optional>

namespace qd::client {
namespace {

constexpr char kByLabel[] = "labels";
constexpr char kBySelector[] = "selector";

std::string valueOf(const std::string& ns, const std::string& key, const std::string& value) {
    return ns + '/' + key + '=' + value;
}

bool carries(const api::Labels& labels, const api::Labels& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& each) {
        const auto found = labels.find(each.first);
        return found != labels.end() && found->second == each.second;
    });
}

}  // namespace

void addLabelIndex(Informer& informer) {
    informer.addIndex(kByLabel, [](const api::Object& object) {
        std::vector<std::string> values;
        for (const auto& [key, value] : object.metadata.labels)
            values.push_back(valueOf(object.metadata.namespace_, key, value));
        return values;
    });
}

std::vector<api::ObjectPtr> withLabels(const Informer& informer, const std::string& ns, const api::Labels& wanted) {
    std::optional<std::vector<api::ObjectPtr>> fewest;
    for (const auto& [key, value] : wanted) {
        auto some = informer.byIndex(kByLabel, valueOf(ns, key, value));
        if (!fewest || some.size() < fewest->size()) fewest = std::move(some);
    }
    if (!fewest) return {};
    if (wanted.size() > 1)
        std::erase_if(*fewest, [&](const auto& each) { return !carries(each->metadata.labels, wanted); });
    return std::move(*fewest);
}

void addSelectorIndex(Informer& services) {
    services.addIndex(kBySelector, [](const api::Object& object) -> std::vector<std::string> {
        const auto& service = static_cast<const corev1::Service&>(object);
        if (service.spec.selector.empty()) return {};
        const auto& [key, value] = *service.spec.selector.begin();  // one is enough: a Pod must carry it
        return {valueOf(service.metadata.namespace_, key, value)};
    });
}

std::vector<Ptr<corev1::Service>> servicesSelecting(const Informer& services, const std::string& ns,
                                                    const api::Labels& labels) {
    std::vector<Ptr<corev1::Service>> selecting;
    const Lister<corev1::Service> lister(services);
    for (const auto& [key, value] : labels) {
        for (auto& service : lister.byIndex(kBySelector, valueOf(ns, key, value))) {
            if (carries(labels, service->spec.selector)) selecting.push_back(std::move(service));
        }
    }
    return selecting;
}

}  // namespace qd::client

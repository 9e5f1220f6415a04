#include "vmnodes/agent/sync/environment.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/downward/expansion.h"

namespace qd::agent::sync {
namespace {

std::string variableName(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return text;
}

void addService(const corev1::Service& service, Environment& environment) {
    const std::string prefix = variableName(service.metadata.name);
    const std::string& ip = service.spec.clusterIP;
    environment[prefix + "_SERVICE_HOST"] = ip;
    const std::string host = ip.find(':') == std::string::npos ? ip : "[" + ip + "]";
    for (std::size_t i = 0; i < service.spec.ports.size(); ++i) {
        const corev1::ServicePort& port = service.spec.ports[i];
        const std::string protocol = port.protocol.empty() ? "TCP" : port.protocol;
        std::string lower = protocol;
        std::ranges::transform(lower, lower.begin(), [](char c) { return static_cast<char>(c | 0x20); });
        const std::string url = fmt::format("{}://{}:{}", lower, host, port.port);
        if (i == 0) {
            environment[prefix + "_SERVICE_PORT"] = std::to_string(port.port);
            environment[prefix + "_PORT"] = url;
        }
        if (!port.name.empty())
            environment[prefix + "_SERVICE_PORT_" + variableName(port.name)] = std::to_string(port.port);
        const std::string each = fmt::format("{}_PORT_{}_{}", prefix, port.port, protocol);
        environment[each] = url;
        environment[each + "_PROTO"] = lower;
        environment[each + "_PORT"] = std::to_string(port.port);
        environment[each + "_ADDR"] = ip;
    }
}

// Looks up what env and envFrom refer to.
class Resolver {
public:
    Resolver(const corev1::Pod& pod, const corev1::Container& container, const api::downward::DownwardFacts& facts,
             ClusterAccess& cluster)
        : m_pod(pod), m_container(container), m_facts(facts), m_cluster(cluster) {}

    Result<void> addFrom(const corev1::EnvFromSource& source, Environment& environment) {
        if (source.configMapRef) {
            const auto map = m_cluster.configMap(m_pod.metadata.namespace_, source.configMapRef->name);
            if (!map) return unless(source.configMapRef->optional, map.error());
            for (const auto& [key, value] : (*map)->data) environment[source.prefix + key] = value;
        } else if (source.secretRef) {
            const auto secret = m_cluster.secret(m_pod.metadata.namespace_, source.secretRef->name);
            if (!secret) return unless(source.secretRef->optional, secret.error());
            for (const auto& [key, value] : (*secret)->data) environment[source.prefix + key] = value.data;
        }
        return {};
    }

    // Nothing for an optional reference that leads nowhere.
    Result<std::optional<std::string>> value(const corev1::EnvVarSource& source) {
        if (source.fieldRef) return some(api::downward::fieldValue(m_pod, source.fieldRef->fieldPath, m_facts));
        if (source.resourceFieldRef)
            return some(api::downward::resourceValue(m_pod, m_container, *source.resourceFieldRef, m_facts));
        if (source.configMapKeyRef) return configMapKey(*source.configMapKeyRef);
        if (source.secretKeyRef) return secretKey(*source.secretKeyRef);
        return fail(Reason::BadRequest, "this node supports no such environment variable source");
    }

private:
    using Optional = std::optional<std::string>;

    static Result<void> unless(const std::optional<bool>& optional, const Error& error) {
        if (error.reason == Reason::NotFound && optional.value_or(false)) return {};
        return fail(error);
    }
    static Result<Optional> some(Result<std::string> value) {
        if (!value) return fail(value.error());
        return Optional(std::move(*value));
    }
    Result<Optional> missing(const std::optional<bool>& optional, const std::string& key, const char* kind,
                             const std::string& name) {
        if (optional.value_or(false)) return Optional();
        return fail(Reason::NotFound,
                    fmt::format("couldn't find key {} in {} {}/{}", key, kind, m_pod.metadata.namespace_, name));
    }
    Result<Optional> configMapKey(const corev1::ConfigMapKeySelector& selector) {
        const auto map = m_cluster.configMap(m_pod.metadata.namespace_, selector.name);
        if (!map) {
            if (auto tolerated = unless(selector.optional, map.error()); !tolerated) return fail(tolerated.error());
            return Optional();
        }
        const auto found = (*map)->data.find(selector.key);
        if (found == (*map)->data.end()) return missing(selector.optional, selector.key, "ConfigMap", selector.name);
        return Optional(found->second);
    }
    Result<Optional> secretKey(const corev1::SecretKeySelector& selector) {
        const auto secret = m_cluster.secret(m_pod.metadata.namespace_, selector.name);
        if (!secret) {
            if (auto tolerated = unless(selector.optional, secret.error()); !tolerated) return fail(tolerated.error());
            return Optional();
        }
        const auto found = (*secret)->data.find(selector.key);
        if (found == (*secret)->data.end()) return missing(selector.optional, selector.key, "Secret", selector.name);
        return Optional(found->second.data);
    }

    const corev1::Pod& m_pod;
    const corev1::Container& m_container;
    const api::downward::DownwardFacts& m_facts;
    ClusterAccess& m_cluster;
};

}  // namespace

Environment serviceEnvironment(const std::vector<std::shared_ptr<const corev1::Service>>& services,
                               const std::string& ns, bool links) {
    Environment environment;
    const corev1::Service* kubernetes = nullptr;
    for (const auto& service : services) {
        if (service->spec.clusterIP.empty() || service->spec.clusterIP == corev1::ClusterIPNone) continue;
        if (service->metadata.namespace_ == "default" && service->metadata.name == "kubernetes")
            kubernetes = service.get();
        if (links && service->metadata.namespace_ == ns) addService(*service, environment);
    }
    // A Service of the Pod's own namespace with that name wins.
    if (kubernetes != nullptr && !environment.contains("KUBERNETES_SERVICE_HOST")) addService(*kubernetes, environment);
    return environment;
}

Result<Environment> containerEnvironment(const corev1::Pod& pod, const corev1::Container& container,
                                         const api::downward::DownwardFacts& facts, ClusterAccess& cluster) {
    const auto services = cluster.services();
    if (!services) return fail(services.error());
    const Environment ofServices =
        serviceEnvironment(*services, pod.metadata.namespace_, pod.spec.enableServiceLinks.value_or(true));
    Resolver resolver(pod, container, facts, cluster);
    Environment own;
    for (const corev1::EnvFromSource& source : container.envFrom)
        if (auto added = resolver.addFrom(source, own); !added) return fail(added.error());
    for (const corev1::EnvVar& variable : container.env) {
        if (variable.value.empty() && variable.valueFrom) {
            auto value = resolver.value(*variable.valueFrom);
            if (!value) return fail(value.error());
            if (*value) own[variable.name] = **value;
            continue;
        }
        // Only what was defined before can be referred to; its own variables go before those of Services.
        Environment known = ofServices;
        for (const auto& [name, value] : own) known[name] = value;
        own[variable.name] = api::downward::expand(variable.value, known);
    }
    own.insert(ofServices.begin(), ofServices.end());
    return own;
}

}  // namespace qd::agent::sync

// The typed face of Client and Informer: what code that knows its kind at compile time uses.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cluster/client/informer.h"

namespace qd::client {

// Where objects of type T live on the wire, e.g. resourceOf<appsv1::Deployment>().
template <typename T>
const ResourceName& resourceOf() {
    static const ResourceName name = [] {
        const api::KindName& kind = *T::kDescriptor.kind;
        return ResourceName{std::string(kind.group), std::string(kind.version), std::string(kind.resource)};
    }();
    return name;
}

template <typename T>
std::shared_ptr<const T> as(const api::ObjectPtr& object) {
    return std::static_pointer_cast<const T>(object);
}

template <typename T>
using Ptr = std::shared_ptr<const T>;

template <typename T>
Result<Ptr<T>> typed(Result<api::ObjectPtr> object) {
    if (!object) return fail(std::move(object.error()));
    return as<T>(*object);
}

// Requests for one kind.
template <typename T>
class Api {
public:
    explicit Api(Client& client) : m_client(client) {}

    Result<Ptr<T>> get(const std::string& ns, const std::string& name) {
        return typed<T>(m_client.get(resourceOf<T>(), ns, name));
    }
    Result<Ptr<T>> create(const T& object, const WriteOptions& options = {}) {
        return typed<T>(m_client.create(resourceOf<T>(), object.metadata.namespace_, object, options));
    }
    Result<Ptr<T>> update(const T& object, const WriteOptions& options = {}) {
        return typed<T>(m_client.update(resourceOf<T>(), object, options));
    }
    Result<Ptr<T>> updateStatus(const T& object, const WriteOptions& options = {}) {
        return typed<T>(m_client.update(resourceOf<T>(), object, options, "status"));
    }
    Result<Ptr<T>> patch(const std::string& ns, const std::string& name, PatchKind kind, std::string_view patch,
                         const PatchOptions& options = {}, const std::string& subresource = "") {
        return typed<T>(m_client.patch(resourceOf<T>(), ns, name, kind, patch, options, subresource));
    }
    Result<void> remove(const std::string& ns, const std::string& name, const DeleteOptions& options = {}) {
        return m_client.remove(resourceOf<T>(), ns, name, options);
    }

private:
    Client& m_client;
};

// Reads of one informer's copy.
template <typename T>
class Lister {
public:
    explicit Lister(const Informer& informer) : m_informer(&informer) {}

    Ptr<T> get(const std::string& ns, const std::string& name) const { return as<T>(m_informer->get(ns, name)); }
    std::vector<Ptr<T>> list(const std::string& ns = "") const { return cast(m_informer->list(ns)); }
    std::vector<Ptr<T>> byIndex(const std::string& index, const std::string& value) const {
        return cast(m_informer->byIndex(index, value));
    }

private:
    static std::vector<Ptr<T>> cast(const std::vector<api::ObjectPtr>& objects) {
        std::vector<Ptr<T>> typedObjects;
        typedObjects.reserve(objects.size());
        for (const auto& object : objects) typedObjects.push_back(as<T>(object));
        return typedObjects;
    }
    const Informer* m_informer;
};

template <typename T>
Lister<T> listerFor(InformerFactory& factory) {
    return Lister<T>(factory.informer(resourceOf<T>()));
}

}  // namespace qd::client

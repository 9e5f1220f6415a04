// The resources of a cluster, for controllers that look after objects of every kind.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cluster/client/client.h"

namespace qd::controllers {

struct Resource {
    client::ResourceName name;
    std::string kind;
    bool namespaced = true;

    std::string apiVersion() const { return name.group.empty() ? name.version : name.group + "/" + name.version; }
};

// Asked again whenever it matters: definitions of custom resources come and go. Thread-safe.
using ResourceList = std::function<std::vector<Resource>()>;

// The built-in kinds that can be listed and deleted, each under one version.
std::vector<Resource> builtinResources();

}  // namespace qd::controllers

// What a request's URL and method mean, as authorisation, admission and routing see it.
// Source: k8s.io/apiserver endpoints/request RequestInfo; https://kubernetes.io/docs/reference/using-api/api-concepts/.
#pragma once

#include <string>
#include <vector>

#include "cluster/apiserver/http.h"

namespace qd::apiserver {

struct RequestInfo {
    bool isResource = false;
    std::string path;
    std::string verb;  // get, list, watch, create, update, patch, delete, deletecollection; for other paths the method in lower case
    std::string apiPrefix;  // "api" or "apis"
    std::string group;
    std::string version;
    std::string namespace_;
    std::string resource;     // plural
    std::string subresource;  // e.g. status, scale, log
    std::string name;
    std::vector<std::string> parts;  // what follows the namespace: resource, name, subresource, and the rest for proxies
};

RequestInfo parseRequestInfo(const Request& request);

}  // namespace qd::apiserver

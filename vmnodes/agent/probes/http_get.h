// One HTTP request with a deadline, for probes and hooks. Certificates are not checked: the peer is the Pod's own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::agent::probes {

struct HttpRequest {
    std::string address;  // IP address or host name
    int port = 80;
    bool tls = false;
    std::string path = "/";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string userAgent = "kube-probe/1.36";
};

struct HttpAnswer {
    int status = 0;
    std::string body;  // the first 10 KiB
    std::string location;
};

// Blocks at most as long as the limit. Redirects are not followed. An error has the words of Go's net/http, which
// kubelet's Events show: Get "http://10.244.1.2:8080/health": dial tcp 10.244.1.2:8080: connect: connection refused.
Result<HttpAnswer> httpGet(const HttpRequest& request, base::Duration limit);
// Whether a TCP connection can be made within the limit; else the same words from `dial tcp` on.
Result<void> tcpConnect(const std::string& address, int port, base::Duration limit);

}  // namespace qd::agent::probes

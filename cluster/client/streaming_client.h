// Requests whose answers go on, or become two-way channels: following a log, exec, attach, port-forward.
//
// Callbacks run on transport threads, one at a time for one request, and must not block. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/client/transport/http_client.h"

namespace qd::client {

class StreamingClient {
public:
    virtual ~StreamingClient() = default;

    // GET of a path with its query, e.g. "/api/v1/namespaces/default/pods/web/log?follow=true". The handler sees the
    // head first: a code other than 200 carries a Status, which api::errorFromStatus reads. Destroying the stream ends
    // the request.
    virtual std::unique_ptr<ResponseStream> follow(const std::string& pathAndQuery,
                                                   std::shared_ptr<ResponseHandler> handler) = 0;

    // Opens a WebSocket to a path with its query, e.g. ".../pods/web/exec?command=sh&stdin=true&stdout=true&tty=true",
    // offering subprotocols in order of preference ("v5.channel.k8s.io", "v4.channel.k8s.io").
    virtual void openChannel(const std::string& pathAndQuery, std::vector<std::string> subprotocols,
                             std::shared_ptr<http::ChannelHandler> handler, HttpClient::Opened done) = 0;
};

}  // namespace qd::client

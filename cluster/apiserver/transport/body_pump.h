// The callbacks that a handler's response gives to other threads: the release of a gate and the wake-up of a stream.
// Both hold the connection's strand but not the connection, which therefore never dies on a foreign thread. Private to
// the transport.
#pragma once

#include <atomic>
#include <memory>

#include "cluster/apiserver/http.h"
#include "cluster/base/http/io.h"

namespace qd::apiserver {

// A wake-up that calls `woken` on the strand; calls that come before it has run are one.
std::function<void()> makeWake(std::shared_ptr<http::asio::io_context> context, http::IoStrand strand,
                               std::function<void()> woken);

// Calls `released` on the strand once: with the replacement, with nullptr to send the response as it is; `aborted` is
// true when the release was dropped without having been called.
Release makeRelease(std::shared_ptr<http::asio::io_context> context, http::IoStrand strand,
                    std::move_only_function<void(std::unique_ptr<Response> instead, bool aborted)> released);

}  // namespace qd::apiserver

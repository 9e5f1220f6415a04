// What server and client share of Asio: the context with its threads and the stream types. Included by the transports'
// own files only, never by a public header.
#pragma once

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <memory>
#include <string>
#include <vector>

#include "cluster/base/executor.h"

namespace qd::http {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using IoStrand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<Tcp, IoStrand>;
using TlsStream = asio::ssl::stream<Socket>;
// Timers on the connection's strand.
using IoTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoStrand>;
using ErrorCode = boost::system::error_code;

// A context and the threads that run it. Shared: whoever posts to the context from elsewhere keeps it alive.
class IoThreads {
public:
    // name: at most 10 characters; a number is appended.
    IoThreads(const std::string& name, unsigned threads);
    ~IoThreads() { stop(); }
    asio::io_context& context() { return *m_context; }
    const std::shared_ptr<asio::io_context>& shared() const { return m_context; }
    // Joins, and runs what is ready on the caller's thread; what still waits is dropped. Not to be called on one of the
    // threads.
    void stop();

private:
    std::shared_ptr<asio::io_context> m_context;
    asio::executor_work_guard<asio::io_context::executor_type> m_work;
    std::vector<base::Thread> m_threads;
};

}  // namespace qd::http

#include "cluster/base/http/io.h"

#include "cluster/base/log.h"

namespace qd::http {

namespace {

// An exception that reaches this place is our own bug; one connection's must not end the others.
template <typename F>
void run(asio::io_context& context, F function) {
    for (;;) {
        try {
            function(context);
            return;
        } catch (const std::exception& error) {
            base::logger("http")->critical("a connection's task threw: {}", error.what());
        }
    }
}

}  // namespace

IoThreads::IoThreads(const std::string& name, unsigned threads)
    : m_context(std::make_shared<asio::io_context>(static_cast<int>(threads))), m_work(m_context->get_executor()) {
    for (unsigned i = 0; i < threads; ++i) {
        m_threads.emplace_back((name + "-" + std::to_string(i)).c_str(), [context = m_context](const std::stop_token&) {
            run(*context, [](asio::io_context& io) { io.run(); });
        });
    }
}

void IoThreads::stop() {
    m_work.reset();
    m_context->stop();
    for (base::Thread& thread : m_threads) thread.join();
    m_threads.clear();
    // Operations that have been cancelled hold their connections until their handlers have run.
    m_context->restart();
    run(*m_context, [](asio::io_context& context) { context.poll(); });
}

}  // namespace qd::http

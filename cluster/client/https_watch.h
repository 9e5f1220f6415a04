// The events of one watch over HTTPS: takes bytes on a transport thread, decodes lines on an executor.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cluster/client/client.h"
#include "cluster/client/transport/http_client.h"

namespace qd::client {

class WatchReader final : public ResponseHandler, public std::enable_shared_from_this<WatchReader> {
public:
    WatchReader(base::Executor& executor, WatchHandler handler) : m_strand(executor), m_handler(std::move(handler)) {}

    void begin(std::unique_ptr<ResponseStream> stream);
    // No handler call begins after this.
    void stop();

    void head(int code, http::Headers headers) override;
    void data(std::string_view part) override;
    void end(Result<void> result) override;

private:
    void schedule();
    void drain();
    // The events of all whole lines; an event that cannot be read, or that is an error, ends them.
    std::vector<WatchEvent> decode(std::string_view lines) const;
    WatchEvent ending() const;

    base::Strand m_strand;
    WatchHandler m_handler;

    std::mutex m_mutex;  // guards the rest
    std::unique_ptr<ResponseStream> m_stream;
    std::string m_received;  // not yet decoded
    int m_code = 0;
    std::optional<Result<void>> m_end;
    bool m_scheduled = false;
    bool m_paused = false;
    bool m_stopped = false;
};

class HttpsWatch final : public Watch {
public:
    explicit HttpsWatch(std::shared_ptr<WatchReader> reader) : m_reader(std::move(reader)) {}
    ~HttpsWatch() override { m_reader->stop(); }

private:
    std::shared_ptr<WatchReader> m_reader;
};

}  // namespace qd::client

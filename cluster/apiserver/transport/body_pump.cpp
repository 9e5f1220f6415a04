#include "cluster/apiserver/transport/body_pump.h"

namespace qd::apiserver {

namespace {

struct Wake {
    std::shared_ptr<http::asio::io_context> context;
    http::IoStrand strand;
    std::function<void()> woken;
    std::atomic<bool> posted = false;
};

using Released = std::move_only_function<void(std::unique_ptr<Response>, bool)>;

class PendingRelease {
public:
    PendingRelease(std::shared_ptr<http::asio::io_context> context, http::IoStrand strand, Released released)
        : m_context(std::move(context)), m_strand(std::move(strand)), m_released(std::move(released)) {}
    PendingRelease(PendingRelease&&) = default;
    PendingRelease& operator=(PendingRelease&&) = delete;
    ~PendingRelease() { post(nullptr, true); }

    void operator()(std::unique_ptr<Response> instead) { post(std::move(instead), false); }

private:
    void post(std::unique_ptr<Response> instead, bool aborted) {
        Released released = std::exchange(m_released, nullptr);
        if (!released) return;
        http::asio::post(m_strand, [context = m_context, released = std::move(released), instead = std::move(instead),
                                    aborted]() mutable { released(std::move(instead), aborted); });
    }

    std::shared_ptr<http::asio::io_context> m_context;
    http::IoStrand m_strand;
    Released m_released;
};

}  // namespace

std::function<void()> makeWake(std::shared_ptr<http::asio::io_context> context, http::IoStrand strand,
                               std::function<void()> woken) {
    auto wake = std::make_shared<Wake>(std::move(context), std::move(strand), std::move(woken));
    return [wake] {
        if (wake->posted.exchange(true)) return;
        http::asio::post(wake->strand, [wake] {
            wake->posted = false;
            wake->woken();
        });
    };
}

Release makeRelease(std::shared_ptr<http::asio::io_context> context, http::IoStrand strand,
                    std::move_only_function<void(std::unique_ptr<Response> instead, bool aborted)> released) {
    return PendingRelease(std::move(context), std::move(strand), std::move(released));
}

}  // namespace qd::apiserver

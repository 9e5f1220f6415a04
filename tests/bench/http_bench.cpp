// GETs of 1 KiB over kept-alive HTTP/1.1 and TLS, from a number of connections at once; server and client share the
// process. Usage: http_bench [connections] [seconds]
#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <latch>

#include "cluster/apiserver/transport/server.h"
#include "cluster/base/pki/certificate.h"
#include "cluster/client/transport/http_client.h"

using namespace qd;

namespace {

double cpuSeconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Load {
    client::HttpClient& client;
    std::atomic<bool>& stop;
    std::atomic<std::uint64_t>& done;
    std::latch& finished;

    void next() {
        if (stop) return finished.count_down();
        client.sendAsync({.target = "/bench"}, std::chrono::seconds(30), [this](Result<client::HttpResponse> result) {
            if (result && result->body.size() == 1024) ++done;
            next();
        });
    }
};

}  // namespace

int main(int argc, char** argv) {
    const int connections = argc > 1 ? std::atoi(argv[1]) : 8;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 5;
    const base::SystemClock clock;
    const auto validity = pki::Validity::from(clock.now(), std::chrono::days(1));
    const auto authority = pki::Authority::create("bench", validity).value();
    const auto identity = authority.issueServer({.commonName = "x", .ipAddresses = {"127.0.0.1"}}, validity).value();
    apiserver::ServerOptions serverOptions;
    serverOptions.listen = {{"127.0.0.1", 0}};
    serverOptions.identity = {identity.certificatePem, identity.keyPem};
    const auto body = http::bytes(std::string(1024, 'x'));
    const auto server = apiserver::Server::start(serverOptions, clock, [&](const apiserver::Request&) {
                            apiserver::Response response;
                            response.headers = {{"Content-Type", "application/json"}};
                            response.body = {body};
                            return response;
                        }).value();
    client::HttpThreads threads(1);
    client::HttpClientOptions options;
    options.server = "https://127.0.0.1:" + std::to_string(server->addresses().front().port);
    options.authoritiesPem = authority.certificate().pem();
    const auto client = client::HttpClient::create(threads, options, clock).value();

    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> done = 0;
    std::latch finished(connections);
    std::vector<Load> loads(static_cast<std::size_t>(connections), Load{*client, stop, done, finished});
    const double cpuBefore = cpuSeconds();
    const auto begin = clock.steady();
    for (Load& load : loads) load.next();
    while (clock.steady() - begin < std::chrono::seconds(seconds)) {
        (void)client->send({.target = "/bench"}, std::chrono::seconds(30));  // one more connection that keeps the time
    }
    stop = true;
    finished.wait();
    const double elapsed = std::chrono::duration<double>(clock.steady() - begin).count();
    const auto requests = static_cast<double>(server->counters().requests);
    fmt::print("{} connections: {:.0f} requests/s, {:.1f} us CPU a request (server and client together)\n",
               connections + 1, requests / elapsed, (cpuSeconds() - cpuBefore) / requests * 1e6);
}

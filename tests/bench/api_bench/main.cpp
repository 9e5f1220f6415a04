// One measurement against the API server of a kubeconfig; prints a line of JSON. scripts/bench runs them all and knows the
// servers' processor time and memory.
//
//     api_bench KUBECONFIG prepare                          the namespace `bench` with its service account
//     api_bench KUBECONFIG create-pods CLIENTS SECONDS      Pods that nobody runs
//     api_bench KUBECONFIG get CLIENTS SECONDS              one Pod, over and over
//     api_bench KUBECONFIG fill pods|configmaps COUNT       so many more, as fast as 32 clients can
//     api_bench KUBECONFIG list pods|configmaps TIMES       all of the namespace in one answer
//     api_bench KUBECONFIG watch WATCHERS WRITES            from the sending of a write to its arrival at each watcher
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "cluster/client/https_client.h"
#include "cluster/client/kubeconfig/kubeconfig.h"
#include "tests/bench/api_bench/load.h"

using namespace qd;
using namespace qd::bench;

namespace {

constexpr unsigned kFillers = 32;
constexpr std::uint64_t kMostPods = 3000;  // of one measurement, so that all servers end with as many
const std::string kNamespaces = "/api/v1/namespaces";
const std::string kInside = kNamespaces + "/bench/";

struct Bench {
    client::HttpClient& http;
    const base::Clock& clock;
    std::string run;  // names of objects begin with it, so that repeated runs do not meet
};

client::HttpRequest post(std::string target, std::string body) {
    return {.method = "POST", .target = std::move(target), .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

client::HttpRequest podRequest(const std::string& name) {
    return post(kInside + "pods", fmt::format(R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{}","labels":{{"app":"bench","tier":"web"}}}},"spec":{{)"
                                              R"("containers":[{{"name":"app","image":"registry.example/app:1.2.3","command":["serve","--port=8080"],"env":[{{"name":"MODE","value":"bench"}}],)"
                                              R"("ports":[{{"containerPort":8080}}],"resources":{{"requests":{{"cpu":"100m","memory":"64Mi"}},"limits":{{"memory":"128Mi"}}}}}}]}}}})",
                                              name));
}

client::HttpRequest configMapRequest(const std::string& name) {
    return post(kInside + "configmaps", fmt::format(R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{}","labels":{{"app":"bench"}}}},"data":{{"config":"{}"}}}})", name, std::string(400, 'x')));
}

std::string described(const LoadResult& result) {
    return fmt::format(R"({{"count":{},"failed":{},"seconds":{:.3f},"per_second":{:.1f},"p50_ms":{:.3f},"p99_ms":{:.3f}}})", result.done, result.failed, result.seconds,
                       static_cast<double>(result.done) / result.seconds, result.latencies.quantile(0.5), result.latencies.quantile(0.99));
}

Result<std::string> told(const LoadResult& result) {
    if (result.failed > 0) return fail(Reason::InternalError, fmt::format("{} requests failed, the first with {}", result.failed, result.firstFailure));
    return described(result);
}

Result<std::string> prepare(const Bench& bench) {
    for (auto& [target, body] : std::vector<std::pair<std::string, std::string>>{
             {kNamespaces, R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"bench"}})"},
             {kInside + "serviceaccounts", R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}})"},
             {kInside + "pods", podRequest("always").body}}) {
        const auto answer = bench.http.send(post(target, body), std::chrono::seconds(30));
        if (!answer) return fail(answer.error());
        if (answer->code >= 300 && answer->code != 409) return fail(Reason::InternalError, answer->body);
    }
    return std::string("{}");
}

Result<std::string> createPods(const Bench& bench, unsigned clients, unsigned seconds) {
    return told(runLoad(bench.http, bench.clock, {.clients = clients, .length = std::chrono::seconds(seconds), .count = kMostPods},
                        [&](std::uint64_t n) { return podRequest(fmt::format("{}-{}", bench.run, n)); }));
}

Result<std::string> getPod(const Bench& bench, unsigned clients, unsigned seconds) {
    return told(runLoad(bench.http, bench.clock, {.clients = clients, .length = std::chrono::seconds(seconds)},
                        [](std::uint64_t) { return client::HttpRequest{.target = kInside + "pods/always"}; }));
}

Result<std::string> fill(const Bench& bench, const std::string& resource, std::uint64_t count) {
    return told(runLoad(bench.http, bench.clock, {.clients = kFillers, .count = count}, [&](std::uint64_t n) {
        const std::string name = fmt::format("{}-{}", bench.run, n);
        return resource == "pods" ? podRequest(name) : configMapRequest(name);
    }));
}

Result<std::string> list(const Bench& bench, const std::string& resource, std::uint64_t times) {
    return told(runLoad(bench.http, bench.clock, {.count = times}, [&](std::uint64_t) { return client::HttpRequest{.target = kInside + resource}; }));
}

Result<std::string> watch(const Bench& bench, unsigned watchers, std::uint64_t writes) {
    const std::string name = bench.run + "-watched";
    const auto made = bench.http.send(configMapRequest(name), std::chrono::seconds(30));
    if (!made) return fail(made.error());
    const std::string mark = "\"resourceVersion\":\"";
    const auto at = made->body.find(mark);
    if (at == std::string::npos) return fail(Reason::InternalError, made->body);
    const std::string version = made->body.substr(at + mark.size(), made->body.find('"', at + mark.size()) - at - mark.size());
    const std::string target = fmt::format("{}configmaps?watch=1&resourceVersion={}&fieldSelector=metadata.name%3D{}", kInside, version, name);
    const auto result = runFanOut(bench.http, bench.clock, watchers, target, writes, [&](std::uint64_t n) {
        return client::HttpRequest{.method = "PATCH",
                                   .target = kInside + "configmaps/" + name,
                                   .headers = {{"Content-Type", "application/merge-patch+json"}},
                                   .body = fmt::format(R"({{"data":{{"write":"{}"}}}})", n)};
    });
    if (!result) return fail(result.error());
    return described(*result);
}

Result<std::string> measure(const Bench& bench, const std::vector<std::string>& words) {
    const auto number = [&](std::size_t at) {
        unsigned value = 0;
        std::from_chars(words[at].data(), words[at].data() + words[at].size(), value);
        return value;
    };
    const std::string& what = words[1];
    if (what == "prepare") return prepare(bench);
    if (words.size() == 4) {
        if (what == "create-pods") return createPods(bench, number(2), number(3));
        if (what == "get") return getPod(bench, number(2), number(3));
        if (what == "fill") return fill(bench, words[2], number(3));
        if (what == "list") return list(bench, words[2], number(3));
        if (what == "watch") return watch(bench, number(2), number(3));
    }
    return fail(Reason::BadRequest, "see tests/bench/api_bench/main.cpp for what can be measured");
}

Result<std::string> run(const std::vector<std::string>& words) {
    if (words.size() < 2) return fail(Reason::BadRequest, "usage: api_bench KUBECONFIG WHAT [ARGUMENT...]");
    const std::filesystem::path file = words[0];
    std::ifstream stream(file);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    const auto access = client::accessOf(text, "", file.parent_path());
    if (!access) return fail(access.error());
    const base::SystemClock clock;
    client::HttpThreads threads(1);
    auto options = client::httpOptions(*access);
    options.idleConnections = 256;
    const auto http = client::HttpClient::create(threads, options, clock);
    if (!http) return fail(http.error());
    return measure({**http, clock, fmt::format("b{:x}", std::random_device{}())}, words);
}

}  // namespace

int main(int argc, char** argv) {
    const auto line = run({argv + 1, argv + argc});
    if (!line) {
        fmt::print(stderr, "api_bench: {}\n", line.error().message);
        return 1;
    }
    fmt::print("{}\n", *line);
    return 0;
}

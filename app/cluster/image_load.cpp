#include "app/cluster/image_load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>

#include "cluster/base/executor.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/base/random.h"
#include "cluster/client/kubeconfig/kubeconfig.h"
#include "cluster/client/transport/http_client.h"
#include "vmnodes/host/node_pool.h"

namespace qd::cluster {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;

constexpr int kAgentPort = 10250;
constexpr std::size_t kPart = 2 << 20;  // the agent's server takes 3 MiB
constexpr auto kPartLimit = 2min;
constexpr auto kImportLimit = 30min;

std::string fileName(const std::string& archive) { return fs::path(archive).filename().string(); }

std::string mebibytes(std::uintmax_t bytes) { return fmt::format("{:.1f}", static_cast<double>(bytes) / (1 << 20)); }

// The agent's refusals are text.
Error refusal(const client::HttpResponse& response) {
    std::string words = response.body;
    while (words.ends_with('\n')) words.pop_back();
    return {base::reasonFromHttpCode(response.code),
            words.empty() ? fmt::format("the node's agent answered {}", response.code) : words};
}

Result<json::object> post(client::HttpClient& client, std::string target, std::string body, base::Duration within) {
    const auto response = client.send({.method = "POST", .target = std::move(target), .body = std::move(body)}, within);
    if (!response) return fail(response.error());
    if (response->code != 200) return fail(refusal(*response));
    boost::system::error_code problem;
    auto answer = json::parse(response->body, problem);
    if (problem || !answer.is_object()) return fail(Reason::InternalError, "the node's agent gave no JSON");
    return answer.get_object();
}

// Steps of several threads on their way to one.
class Reports {
public:
    void put(std::function<void(Steps&)> report) {
        const std::lock_guard lock(m_mutex);
        m_waiting.push_back(std::move(report));
        m_changed.notify_all();
    }
    void workerIsDone() {
        const std::lock_guard lock(m_mutex);
        ++m_done;
        m_changed.notify_all();
    }
    // Passes them on until so many workers are done.
    void passOn(Steps& steps, std::size_t workers) {
        for (std::unique_lock lock(m_mutex);;) {
            m_changed.wait(lock, [&] { return !m_waiting.empty() || m_done == workers; });
            if (m_waiting.empty()) return;
            auto reports = std::exchange(m_waiting, {});
            lock.unlock();
            for (const auto& report : reports) report(steps);
            lock.lock();
        }
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<std::function<void(Steps&)>> m_waiting;  // guarded by m_mutex
    std::size_t m_done = 0;                             // guarded by m_mutex
};

// One node's share, on a thread of its own.
class NodeLoader {
public:
    NodeLoader(ImageTarget target, client::HttpClient& client, Reports& reports, std::stop_token stop)
        : m_target(std::move(target)), m_client(client), m_reports(reports), m_stop(std::move(stop)) {}

    LoadedArchive load(const std::string& archive) {
        const std::string step = m_target.node + "/" + archive;
        m_reports.put([step, title = titleOf(archive)](Steps& steps) { steps.begin(step, title); });
        LoadedArchive outcome{m_target.node, archive, {}, std::nullopt};
        auto images = sendAndImport(archive, step);
        if (images) {
            outcome.images = std::move(*images);
            m_reports.put([step, names = fmt::format("{}", fmt::join(outcome.images, ", "))](Steps& steps) {
                steps.done(step, names);
            });
            return outcome;
        }
        outcome.error = images.error();
        m_reports.put([step, error = images.error()](Steps& steps) { steps.failed(step, error, remedyFor(error)); });
        return outcome;
    }
    std::string titleOf(const std::string& archive) const {
        return fmt::format("Load {} into {}", fileName(archive), m_target.node);
    }

private:
    static std::string remedyFor(const Error& error) {
        switch (error.reason) {
            case Reason::ServiceUnavailable:
            case Reason::Timeout: return "See whether the node is up: qdeck status, qdeck logs --node.";
            case Reason::BadRequest: return "Save the image again, for this machine's architecture: docker save NAME:TAG -o FILE.tar";
            default: return {};
        }
    }

    Result<std::vector<std::string>> sendAndImport(const std::string& archive, const std::string& step) {
        const std::string upload = "/images/" + m_random.uuid();
        if (auto sent = send(archive, upload, step); !sent) {
            // What was sent is of no use. If the node is away it forgets it by itself.
            static_cast<void>(m_client.send({.method = "DELETE", .target = upload}, 5s));
            return fail(sent.error());
        }
        m_reports.put([step](Steps& steps) { steps.progress(step, "the node unpacks it", 1); });
        const auto answer = post(m_client, upload + "/import", {}, kImportLimit);
        if (!answer) return fail(answer.error());
        std::vector<std::string> names;
        if (const json::value* images = answer->if_contains("images"); images != nullptr && images->is_array())
            for (const json::value& name : images->get_array())
                if (name.is_string()) names.emplace_back(name.get_string());
        return names;
    }

    Result<void> send(const std::string& archive, const std::string& upload, const std::string& step) {
        std::ifstream file(archive, std::ios::binary);
        std::error_code problem;
        const auto size = fs::file_size(archive, problem);
        if (!file || problem) return fail(Reason::NotFound, fmt::format("cannot read {}", archive));
        for (std::uintmax_t sent = 0; sent < size;) {
            if (m_stop.stop_requested())
                return fail(Error{.reason = Reason::Unknown, .message = "cancelled", .code = host::kCancelledCode});
            std::string part(kPart, '\0');
            file.read(part.data(), static_cast<std::streamsize>(part.size()));
            part.resize(static_cast<std::size_t>(file.gcount()));
            if (part.empty()) return fail(Reason::Conflict, fmt::format("{} became shorter meanwhile", archive));
            const std::size_t count = part.size();
            auto taken = post(m_client, fmt::format("{}?offset={}", upload, sent), std::move(part), kPartLimit);
            if (!taken) return fail(taken.error());
            sent += count;
            m_reports.put([step, sent, size](Steps& steps) {
                steps.progress(step, fmt::format("{} of {} MiB", mebibytes(sent), mebibytes(size)),
                               static_cast<double>(sent) / static_cast<double>(size));
            });
        }
        return {};
    }

    const ImageTarget m_target;
    client::HttpClient& m_client;
    Reports& m_reports;
    const std::stop_token m_stop;
    base::Random m_random;
};

// tar has its mark far into the first header; gzip and zstd at once.
bool looksLikeArchive(std::string_view head) {
    return head.starts_with("\x1f\x8b") || head.starts_with("\x28\xb5\x2f\xfd") ||
           (head.size() >= 262 && head.substr(257, 5) == "ustar");
}

}  // namespace

Result<ImageLoadAccess> imageLoadAccess(const std::string& kubeconfigFile) {
    const auto text = pki::readFile(kubeconfigFile);
    if (!text) return fail(text.error());
    const auto access = client::accessOf(*text, "", fs::path(kubeconfigFile).parent_path());
    if (!access) return fail(access.error().within(kubeconfigFile));
    return ImageLoadAccess{access->authorityPem, access->clientCertificatePem, access->clientKeyPem};
}

Result<std::vector<ImageTarget>> imageTargets(const ClusterView& view, const std::vector<std::string>& named) {
    if (view.state != "Running")
        return fail(Reason::ServiceUnavailable, fmt::format("the cluster \"{0}\" does not run; start it with \"qdeck start {0}\"", view.spec.name));
    for (const std::string& name : named)
        if (std::ranges::find(view.nodes, name, &NodeView::name) == view.nodes.end())
            return fail(Reason::NotFound, fmt::format("the cluster \"{}\" has no node \"{}\"", view.spec.name, name));
    std::vector<ImageTarget> targets;
    for (const NodeView& node : view.nodes)
        if (named.empty() || std::ranges::find(named, node.name) != named.end())
            targets.push_back({node.name, fmt::format("https://{}:{}", node.address, kAgentPort)});
    return targets;
}

Result<void> checkArchives(const std::vector<std::string>& archives) {
    for (const std::string& archive : archives) {
        std::error_code problem;
        if (!fs::exists(archive, problem))
            return fail(Reason::NotFound,
                        fmt::format("there is no file {0}; an image is saved into one by \"docker save {0} -o FILE.tar\" "
                                    "or \"podman save {0} -o FILE.tar\"", archive));
        std::ifstream file(archive, std::ios::binary);
        char head[512] = {};
        if (fs::is_directory(archive, problem) || !file || !file.read(head, sizeof head).good())
            if (file.gcount() == 0) return fail(Reason::Invalid, fmt::format("{} cannot be read, or is empty", archive));
        if (!looksLikeArchive({head, static_cast<std::size_t>(file.gcount())}))
            return fail(Reason::Invalid, fmt::format("{} is not an archive of images (tar, with gzip or zstd around it or not)", archive));
    }
    return {};
}

std::vector<LoadedArchive> loadImages(const ImageLoadAccess& access, const std::vector<ImageTarget>& targets,
                                      const std::vector<std::string>& archives, const StepHandler& report,
                                      std::stop_token stop) {
    const base::SystemClock clock;
    client::HttpThreads threads;
    Reports reports;
    std::vector<std::vector<LoadedArchive>> outcomes(targets.size());
    std::vector<base::Thread> workers;
    for (std::size_t i = 0; i < targets.size(); ++i)
        workers.emplace_back("image load", [&, i](std::stop_token) {
            client::HttpClientOptions options;
            options.server = targets[i].server;
            options.authoritiesPem = access.authorityPem;
            options.certificatePem = access.certificatePem;
            options.keyPem = access.keyPem;
            options.userAgent = "qdeck";
            const auto client = client::HttpClient::create(threads, std::move(options), clock);
            for (const std::string& archive : archives)
                outcomes[i].push_back(client ? NodeLoader(targets[i], **client, reports, stop).load(archive)
                                             : LoadedArchive{targets[i].node, archive, {}, client.error()});
            reports.workerIsDone();
        });
    Steps steps(clock, report);
    reports.passOn(steps, targets.size());
    for (base::Thread& worker : workers) worker.join();
    std::vector<LoadedArchive> all;
    for (std::size_t archive = 0; archive < archives.size(); ++archive)
        for (auto& ofNode : outcomes) all.push_back(std::move(ofNode[archive]));
    return all;
}

}  // namespace qd::cluster

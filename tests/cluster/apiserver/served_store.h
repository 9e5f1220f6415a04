// An API server over a store in memory, asked as its transport asks it, by an administrator. Writes are committed at
// once, unless the store is asked for otherwise.
#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "cluster/apiserver/admission/store_reader.h"
#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/auth/certificates.h"
#include "cluster/apiserver/auth/rbac.h"
#include "cluster/base/simulation.h"
#include "cluster/store/api_codec.h"

namespace qd::testing {

struct Answer {
    int code = 0;
    std::string body;
    boost::json::value tree;  // null when the body is no JSON
    std::vector<std::string> warnings = {};

    // What stands at a JSON pointer, as text; empty when nothing does.
    std::string at(std::string_view pointer) const {
        boost::system::error_code missing;
        const auto* found = tree.find_pointer(pointer, missing);
        if (!found) return {};
        return found->is_string() ? std::string(found->get_string()) : boost::json::serialize(*found);
    }
};

class ServedStore {
public:
    // plugins: of admission.
    explicit ServedStore(std::vector<std::unique_ptr<apiserver::AdmissionPlugin>> plugins = {},
                         store::Options options = {.file = {}, .commit = store::CommitMode::Inline})
        : m_executor(1), m_random(2) {
        auto opened = store::Store::open(std::move(options), m_codec, m_executor.clock());
        if (!opened) throw std::runtime_error(opened.error().message);
        m_store = std::move(*opened);
        apiserver::ApiServerParts parts{.store = *m_store,
                                        .executor = m_executor,
                                        .random = m_random,
                                        .authenticators = {},
                                        .authorizer = std::make_unique<apiserver::MastersAuthorizer>(),
                                        .admission = std::move(plugins),
                                        .reader = std::make_unique<apiserver::StoreReader>(*m_store)};
        parts.authenticators.push_back(std::make_unique<apiserver::CertificateAuthenticator>());
        m_server = std::make_unique<apiserver::ApiServer>(std::move(parts));
    }

    apiserver::ApiServer& server() { return *m_server; }
    base::SimulatedExecutor& executor() { return m_executor; }

    Answer ask(const std::string& method, const std::string& target, const std::string& body = {},
               const std::string& contentType = "application/json") {
        apiserver::Request request;
        request.method = method;
        const auto mark = std::min(target.find('?'), target.size());
        request.path = request.rawPath = target.substr(0, mark);
        request.rawQuery = mark < target.size() ? target.substr(mark + 1) : "";
        request.query = http::Query::parse(request.rawQuery);
        request.headers = {{"Content-Type", contentType}, {"User-Agent", "test/1"}};
        request.body = body;
        request.peer = apiserver::PeerCertificate{"administrator", {"system:masters"}, ""};
        const apiserver::Response response = m_server->handle(request);
        Answer answer{.code = response.code, .body = {}, .tree = {}};
        for (const auto& piece : response.body) answer.body += *piece;
        boost::system::error_code wrong;
        answer.tree = boost::json::parse(answer.body, wrong);
        for (const auto warning : response.headers.all("Warning")) answer.warnings.emplace_back(warning);
        return answer;
    }

private:
    store::ApiCodec m_codec;
    base::SimulatedExecutor m_executor;
    base::Random m_random;
    std::unique_ptr<store::Store> m_store;
    std::unique_ptr<apiserver::ApiServer> m_server;
};

}  // namespace qd::testing

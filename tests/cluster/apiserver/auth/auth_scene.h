// An API server over a store in memory, with the authenticators and authorisers that a control plane has, and a clock that
// a test sets. Objects are put into the store as they are: nothing is admitted or defaulted.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/json_tree.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/rbac_v1.h"
#include "cluster/apiserver/admission/store_reader.h"
#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/auth/bearer_tokens.h"
#include "cluster/apiserver/auth/bootstrap_tokens.h"
#include "cluster/apiserver/auth/certificates.h"
#include "cluster/apiserver/auth/legacy_tokens.h"
#include "cluster/apiserver/auth/rbac.h"
#include "cluster/apiserver/auth/rbac_escalation.h"
#include "cluster/apiserver/auth/service_account_tokens.h"
#include "cluster/apiserver/auth/token_file.h"
#include "cluster/apiserver/subresources/access_review.h"
#include "cluster/apiserver/subresources/token_request.h"
#include "cluster/apiserver/subresources/token_review.h"
#include "cluster/base/simulation.h"
#include "cluster/store/api_codec.h"

namespace qd::tests {

struct Answer {
    int code = 0;
    std::string body;

    boost::json::value tree() const { return api::parseJson(body).value_or(boost::json::value()); }
    // The text at a JSON pointer, e.g. /status/token.
    std::string text(std::string_view pointer) const {
        boost::system::error_code missing;
        const auto whole = tree();
        const auto* found = whole.find_pointer(pointer, missing);
        if (!found) return {};
        return found->is_string() ? std::string(found->as_string()) : api::serializeJson(*found);
    }
    std::string message() const { return text("/message"); }
};

class AuthScene {
public:
    explicit AuthScene(std::string_view tokenCsv = "admin-token,admin,1,system:masters\n")
        : executor(1), random(1), issuer(*apiserver::ServiceAccountIssuer::create(signingKey())) {
        store = *store::Store::open({.file = {}, .commit = store::CommitMode::Inline}, codec, executor.clock());
        apiserver::ApiServerParts parts{.store = *store, .executor = executor, .random = random, .authenticators = {}, .authorizer = nullptr, .admission = {}, .reader = std::make_unique<apiserver::StoreReader>(*store)};
        std::vector<std::unique_ptr<apiserver::TokenSource>> sources;
        sources.push_back(*apiserver::TokenFile::parse(tokenCsv));
        sources.push_back(std::make_unique<apiserver::ServiceAccountTokens>(issuer, *parts.reader, executor.clock()));
        sources.push_back(std::make_unique<apiserver::LegacyTokens>(issuer, *parts.reader, audiences()));
        sources.push_back(std::make_unique<apiserver::BootstrapTokens>(*parts.reader, executor.clock(), audiences()));
        auto bearer = std::make_unique<apiserver::BearerAuthenticator>(std::move(sources), audiences());
        tokens = bearer.get();
        parts.authenticators.push_back(std::make_unique<apiserver::CertificateAuthenticator>());
        parts.authenticators.push_back(std::move(bearer));
        std::vector<std::unique_ptr<apiserver::Authorizer>> authorizers;
        authorizers.push_back(std::make_unique<apiserver::MastersAuthorizer>());
        auto byRoles = std::make_unique<apiserver::RbacAuthorizer>(*store);
        const auto& rbac = *byRoles;
        authorizers.push_back(std::move(byRoles));
        parts.authorizer = std::make_unique<apiserver::UnionAuthorizer>(std::move(authorizers));
        parts.admission.push_back(std::make_unique<apiserver::RbacEscalation>(*parts.authorizer, rbac));
        server = std::make_unique<apiserver::ApiServer>(std::move(parts));
        server->addSubresource("serviceaccounts", "token", std::make_unique<apiserver::TokenRequestHandler>(*server, issuer, audiences()));
        server->addSubresource("tokenreviews.authentication.k8s.io", "", std::make_unique<apiserver::TokenReviewHandler>(*server, *tokens));
        server->addSubresource("selfsubjectreviews.authentication.k8s.io", "", std::make_unique<apiserver::SelfSubjectReviewHandler>(*server));
        for (const char* review : {"subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews"}) {
            server->addSubresource(review + std::string(".authorization.k8s.io"), "", std::make_unique<apiserver::AccessReviewHandler>(*server));
        }
        server->addSubresource("selfsubjectrulesreviews.authorization.k8s.io", "", std::make_unique<apiserver::RulesReviewHandler>(*server, rbac));
    }

    static std::vector<std::string> audiences() { return {std::string(apiserver::kServiceAccountIssuer)}; }

    static const pki::PrivateKey& signingKey() {
        static const pki::PrivateKey key = *pki::PrivateKey::generate();
        return key;
    }

    // Stores an object given as JSON, with its uid made from its name unless it has one.
    void put(std::string_view json) { write(json, store::Operation::Create); }
    void replace(std::string_view json) { write(json, store::Operation::Update); }
    void remove(const std::string& resource, const std::string& ns, const std::string& name) {
        (void)store->submit({.operation = store::Operation::Delete, .key = {resource, ns, name}, .object = nullptr, .actor = "test"});
    }

    // token: of the Authorization header; empty for none.
    Answer call(const std::string& method, const std::string& pathAndQuery, const std::string& token, const std::string& body = {},
                const std::vector<std::pair<std::string, std::string>>& headers = {}) {
        apiserver::Request request;
        request.method = method;
        const auto question = pathAndQuery.find('?');
        request.path = pathAndQuery.substr(0, question);
        if (question != std::string::npos) request.query = http::Query::parse(pathAndQuery.substr(question + 1));
        request.headers.set("Accept", "application/json");
        request.headers.set("Content-Type", "application/json");
        if (!token.empty()) request.headers.set("Authorization", "Bearer " + token);
        for (const auto& [name, value] : headers) request.headers.add(name, value);
        request.body = body;
        const auto response = server->handle(request);
        Answer answer{.code = response.code, .body = {}};
        for (const auto& piece : response.body) answer.body += *piece;
        return answer;
    }

    // The answer to a TokenReview; audiences: a JSON list.
    Answer review(const std::string& token, const std::string& audiences = "[]") {
        return call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", "admin-token",
                    R"({"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":")" + token + R"(","audiences":)" + audiences + "}}");
    }
    // Who the server takes the sender of a token for, "" when for nobody.
    std::string nameOf(const std::string& token) { return review(token).text("/status/user/username"); }

    // The answer to a TokenRequest for an account of the namespace shop. spec: JSON.
    Answer requestToken(const std::string& account, const std::string& spec) {
        return call("POST", "/api/v1/namespaces/shop/serviceaccounts/" + account + "/token", "admin-token",
                    R"({"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","spec":)" + spec + "}");
    }
    // A token bound to a core object.
    std::string tokenBoundTo(const std::string& kind, const std::string& name, const std::string& account = "robot") {
        return requestToken(account, R"({"boundObjectRef":{"kind":")" + kind + R"(","apiVersion":"v1","name":")" + name + "\"}}").text("/status/token");
    }

    base::SimulatedExecutor executor;
    base::Random random;
    store::ApiCodec codec;
    apiserver::ServiceAccountIssuer issuer;
    std::unique_ptr<store::Store> store;
    const apiserver::BearerAuthenticator* tokens = nullptr;
    std::unique_ptr<apiserver::ApiServer> server;

private:
    void write(std::string_view json, store::Operation operation) {
        auto object = *api::objectFromTree(*api::parseJson(json));
        auto& meta = object->metadata;
        if (meta.uid.empty()) meta.uid = meta.name + "-uid";
        const auto* description = object->descriptor().kind;
        const api::Kind* kind = api::builtinKind(description->group, description->version, description->kind);
        store::Key key{kind->groupResource(), meta.namespace_, meta.name};
        (void)store->submit({.operation = operation, .key = std::move(key), .object = std::move(object), .actor = "test"});
    }
};

}  // namespace qd::tests

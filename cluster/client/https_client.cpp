#include "cluster/client/https_client.h"

#include "cluster/api/codec/json.h"
#include "cluster/api/codec/list.h"
#include "cluster/api/codec/object_codec.h"
#include "cluster/api/meta/status.h"
#include "cluster/client/https_watch.h"

namespace qd::client {
namespace {

constexpr std::string_view kJson = "application/json";

std::string pathOf(const ResourceName& resource, const std::string& ns, const std::string& name = "",
                   const std::string& subresource = "") {
    std::string path = resource.group.empty() ? "/api/" : "/apis/" + resource.group + "/";
    path += resource.version;
    if (!ns.empty()) path += "/namespaces/" + http::encodePathSegment(ns);
    path += "/" + resource.resource;
    if (!name.empty()) path += "/" + http::encodePathSegment(name);
    if (!subresource.empty()) path += "/" + subresource;
    return path;
}

std::string withQuery(std::string path, const http::Query& query) {
    return query.empty() ? path : path + "?" + query.encoded();
}

http::Query selection(const ListOptions& options) {
    http::Query query;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) query.add(name, value);
    };
    add("labelSelector", options.labelSelector);
    add("fieldSelector", options.fieldSelector);
    add("resourceVersion", options.resourceVersion);
    add("resourceVersionMatch", options.resourceVersionMatch);
    if (options.limit > 0) query.add("limit", std::to_string(options.limit));
    add("continue", options.continueToken);
    return query;
}

std::string bodyOf(const DeleteOptions& options) {
    metav1::DeleteOptions body;
    body.gracePeriodSeconds = options.gracePeriodSeconds;
    if (!options.propagationPolicy.empty()) body.propagationPolicy = options.propagationPolicy;
    if (!options.uid.empty() || !options.resourceVersion.empty()) {
        metav1::Preconditions preconditions;
        if (!options.uid.empty()) preconditions.uid = options.uid;
        if (!options.resourceVersion.empty()) preconditions.resourceVersion = options.resourceVersion;
        body.preconditions = std::move(preconditions);
    }
    if (options.dryRun) body.dryRun = {"All"};
    return api::encodeJson(body);
}

std::string_view contentTypeOf(PatchKind kind) {
    switch (kind) {
        case PatchKind::Json:
            return "application/json-patch+json";
        case PatchKind::Merge:
            return "application/merge-patch+json";
        case PatchKind::Strategic:
            return "application/strategic-merge-patch+json";
        case PatchKind::Apply:
            break;
    }
    return "application/apply-patch+yaml";
}

HttpRequest requestFor(std::string method, std::string target, std::string_view accept) {
    HttpRequest request{.method = std::move(method), .target = std::move(target)};
    request.headers.add("Accept", std::string(accept));
    if (const auto cause = CauseScope::current()) request.headers.add("Quarterdeck-Cause", std::to_string(cause));
    return request;
}

}  // namespace

HttpClientOptions httpOptions(const KubeconfigAccess& access) {
    HttpClientOptions options;
    options.server = access.server;
    options.authoritiesPem = access.authorityPem;
    options.serverName = access.tlsServerName;
    options.insecureSkipVerify = access.insecureSkipVerify;
    options.certificatePem = access.clientCertificatePem;
    options.keyPem = access.clientKeyPem;
    options.bearerToken = access.token;
    options.bearerTokenFile = access.tokenFile;
    return options;
}

Result<std::unique_ptr<HttpsClient>> HttpsClient::create(HttpThreads& threads, HttpsClientOptions options,
                                                         const base::Clock& clock) {
    auto http = HttpClient::create(threads, options.http, clock);
    if (!http) return fail(std::move(http.error()));
    return std::unique_ptr<HttpsClient>(new HttpsClient(std::move(*http), std::move(options)));
}

Result<void> HttpsClient::setCertificate(std::string certificatePem, std::string keyPem) {
    return m_http->setCertificate(std::move(certificatePem), std::move(keyPem));
}

Result<std::string> HttpsClient::send(std::string method, std::string target, std::string body,
                                      std::string_view contentType) {
    HttpRequest request = requestFor(std::move(method), std::move(target), kJson);
    if (!contentType.empty()) request.headers.add("Content-Type", std::string(contentType));
    request.body = std::move(body);
    auto response = m_http->send(std::move(request), m_options.requestTimeout);
    if (!response) return fail(std::move(response.error()));
    if (response->code >= 300) return fail(api::errorFromStatus(response->code, response->body));
    return std::move(response->body);
}

Result<api::ObjectPtr> HttpsClient::sendForObject(std::string method, std::string target, std::string body,
                                                  std::string_view contentType) {
    const auto answer = send(std::move(method), std::move(target), std::move(body), contentType);
    if (!answer) return fail(answer.error());
    const auto what = api::typeMetaOfJson(*answer);
    if (!what) return fail(what.error().within("the server's answer cannot be read"));
    if (what->kind == "Status" && what->apiVersion == "v1") return api::ObjectPtr();
    auto object = api::decodeObject(*answer);
    if (!object) return fail(object.error().within("the server's answer cannot be read"));
    return api::ObjectPtr(std::move(*object));
}

http::Query HttpsClient::writeQuery(const WriteOptions& options) const {
    http::Query query;
    if (options.dryRun) query.add("dryRun", "All");
    const std::string& manager = options.fieldManager.empty() ? m_options.fieldManager : options.fieldManager;
    if (!manager.empty()) query.add("fieldManager", manager);
    if (!options.fieldValidation.empty()) query.add("fieldValidation", options.fieldValidation);
    return query;
}

Result<api::ObjectPtr> HttpsClient::get(const ResourceName& resource, const std::string& ns, const std::string& name,
                                        const std::string& subresource) {
    return sendForObject("GET", pathOf(resource, ns, name, subresource), "", "");
}

Result<ObjectList> HttpsClient::list(const ResourceName& resource, const std::string& ns, const ListOptions& options) {
    const auto answer = send("GET", withQuery(pathOf(resource, ns), selection(options)), "", "");
    if (!answer) return fail(answer.error());
    auto decoded = api::decodeList(*answer);
    if (!decoded) return fail(decoded.error().within("the server's list cannot be read"));
    ObjectList list;
    list.items.assign(std::make_move_iterator(decoded->items.begin()), std::make_move_iterator(decoded->items.end()));
    list.resourceVersion = decoded->metadata.resourceVersion;
    list.continueToken = decoded->metadata.continue_;
    list.remaining = decoded->metadata.remainingItemCount;
    return list;
}

Result<api::ObjectPtr> HttpsClient::create(const ResourceName& resource, const std::string& ns,
                                           const api::Object& object, const WriteOptions& options,
                                           const std::string& name, const std::string& subresource) {
    const std::string target = withQuery(pathOf(resource, ns, name, subresource), writeQuery(options));
    return sendForObject("POST", target, api::encodeJson(object), kJson);
}

Result<api::ObjectPtr> HttpsClient::update(const ResourceName& resource, const api::Object& object,
                                           const WriteOptions& options, const std::string& subresource) {
    const auto& meta = object.metadata;
    const std::string target =
        withQuery(pathOf(resource, meta.namespace_, meta.name, subresource), writeQuery(options));
    return sendForObject("PUT", target, api::encodeJson(object), kJson);
}

Result<api::ObjectPtr> HttpsClient::patch(const ResourceName& resource, const std::string& ns, const std::string& name,
                                          PatchKind kind, std::string_view patch, const PatchOptions& options,
                                          const std::string& subresource) {
    http::Query query = writeQuery(options);
    if (kind == PatchKind::Apply && options.force) query.add("force", "true");
    return sendForObject("PATCH", withQuery(pathOf(resource, ns, name, subresource), query), std::string(patch),
                         contentTypeOf(kind));
}

Result<void> HttpsClient::remove(const ResourceName& resource, const std::string& ns, const std::string& name,
                                 const DeleteOptions& options) {
    const auto answer = send("DELETE", pathOf(resource, ns, name), bodyOf(options), kJson);
    if (!answer) return fail(answer.error());
    return {};
}

Result<void> HttpsClient::removeCollection(const ResourceName& resource, const std::string& ns,
                                           const ListOptions& which, const DeleteOptions& options) {
    const auto answer = send("DELETE", withQuery(pathOf(resource, ns), selection(which)), bodyOf(options), kJson);
    if (!answer) return fail(answer.error());
    return {};
}

Result<std::unique_ptr<Watch>> HttpsClient::watch(const ResourceName& resource, const std::string& ns,
                                                  const ListOptions& options, base::Executor& executor,
                                                  WatchHandler handler) {
    http::Query query = selection(options);
    query.add("watch", "true");
    query.add("allowWatchBookmarks", "true");
    auto reader = std::make_shared<WatchReader>(executor, std::move(handler));
    reader->begin(m_http->stream(requestFor("GET", withQuery(pathOf(resource, ns), query), kJson),
                                 m_options.requestTimeout, reader));
    return std::make_unique<HttpsWatch>(std::move(reader));
}

Result<std::string> HttpsClient::raw(const std::string& pathAndQuery) {
    HttpRequest request = requestFor("GET", pathAndQuery, "application/json, */*");
    auto response = m_http->send(std::move(request), m_options.requestTimeout);
    if (!response) return fail(std::move(response.error()));
    if (response->code >= 300) return fail(api::errorFromStatus(response->code, response->body));
    return std::move(response->body);
}

std::unique_ptr<ResponseStream> HttpsClient::follow(const std::string& pathAndQuery,
                                                    std::shared_ptr<ResponseHandler> handler) {
    return m_http->stream(requestFor("GET", pathAndQuery, "application/json, */*"), m_options.requestTimeout,
                          std::move(handler));
}

void HttpsClient::openChannel(const std::string& pathAndQuery, std::vector<std::string> subprotocols,
                              std::shared_ptr<http::ChannelHandler> handler, HttpClient::Opened done) {
    m_http->openWebSocket(requestFor("GET", pathAndQuery, "*/*"), std::move(subprotocols), std::move(handler),
                          std::move(done));
}

}  // namespace qd::client

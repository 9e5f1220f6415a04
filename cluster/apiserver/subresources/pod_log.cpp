#include "cluster/apiserver/subresources/pod_log.h"

#include <fmt/format.h>

#include "cluster/api/meta/time.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/subresources/node_agent.h"
#include "cluster/apiserver/subresources/query_values.h"

namespace qd::apiserver {
namespace {

namespace field = api::field;

struct LogOptions {
    std::string container;
    bool follow = false;
    bool previous = false;
    bool timestamps = false;
    std::optional<std::int64_t> sinceSeconds;
    std::optional<api::Time> sinceTime;
    std::optional<std::int64_t> tailLines;
    std::optional<std::int64_t> limitBytes;
    std::string stream = "All";
};

Result<LogOptions> readOptions(const Query& query) {
    LogOptions options;
    options.container = query.get("container");
    options.follow = queryFlag(query, "follow");
    options.previous = queryFlag(query, "previous");
    options.timestamps = queryFlag(query, "timestamps");
    const auto number = [&](const char* name, std::optional<std::int64_t>& into) -> Result<void> {
        auto read = queryNumber(query, name);
        if (!read) return fail(std::move(read.error()));
        into = *read;
        return {};
    };
    if (auto read = number("sinceSeconds", options.sinceSeconds); !read) return fail(std::move(read.error()));
    if (auto read = number("tailLines", options.tailLines); !read) return fail(std::move(read.error()));
    if (auto read = number("limitBytes", options.limitBytes); !read) return fail(std::move(read.error()));
    if (const std::string* since = query.find("sinceTime"); since && !since->empty()) {
        auto time = api::Time::parse(*since);
        if (!time) return fail(std::move(time.error()));
        options.sinceTime = *time;
    }
    if (const std::string* stream = query.find("stream"); stream) options.stream = *stream;
    return options;
}

field::Errors checkOptions(const LogOptions& options) {
    field::Errors errors;
    const auto positive = [&](const char* name, const std::optional<std::int64_t>& value) {
        if (value && *value < 1) errors.push_back(field::invalid(field::Path(name), *value, "must be greater than 0"));
    };
    if (options.tailLines && *options.tailLines < 0)
        errors.push_back(
            field::invalid(field::Path("tailLines"), *options.tailLines, "must be greater than or equal to 0"));
    positive("limitBytes", options.limitBytes);
    if (options.sinceSeconds && options.sinceTime) {
        errors.push_back(
            field::forbidden(field::Path(), "at most one of `sinceTime` or `sinceSeconds` may be specified"));
    } else {
        positive("sinceSeconds", options.sinceSeconds);
    }
    const bool all = options.stream == "All";
    if (!all && options.stream != "Stdout" && options.stream != "Stderr") {
        errors.push_back(field::notSupported(field::Path("stream"), options.stream, {"All", "Stderr", "Stdout"}));
    }
    if (!all && options.tailLines)
        errors.push_back(
            field::forbidden(field::Path(), "`tailLines` and specific `stream` are mutually exclusive for now"));
    return errors;
}

// Sorted by name, as Go's url.Values are encoded.
std::string queryFor(const LogOptions& options) {
    Query query;
    if (options.follow) query.add("follow", "true");
    if (options.limitBytes) query.add("limitBytes", std::to_string(*options.limitBytes));
    if (options.previous) query.add("previous", "true");
    if (options.sinceSeconds) query.add("sinceSeconds", std::to_string(*options.sinceSeconds));
    if (options.sinceTime) query.add("sinceTime", options.sinceTime->toString());
    query.add("stream", options.stream);
    if (options.tailLines) query.add("tailLines", std::to_string(*options.tailLines));
    if (options.timestamps) query.add("timestamps", "true");
    return query.encoded();
}

// The agent's answer in words of the API.
Response refusedByAgent(const std::string& pod, int code, const std::string& body) {
    if (code == 400) return errorResponse({Reason::BadRequest, body});
    if (code == 500) return errorResponse({Reason::InternalError, "Internal error occurred: " + body});
    Error error{base::reasonFromHttpCode(code),
                fmt::format("the server could not find the requested resource ( pods/log {})", pod)};
    if (code != 404)
        error.message =
            fmt::format("an error on the server ({}) has prevented the request from succeeding ( pods/log {})",
                        api::field::Shown(body).text(), pod);
    error.code = code;
    error.details = base::ErrorDetails{pod, "", "pods/log", "", 0};
    return errorResponse(error);
}

}  // namespace

Response PodLogHandler::handle(const Exchange& exchange) {
    if (exchange.request.method != "GET")
        return errorResponse(
            {Reason::MethodNotAllowed, "the server does not allow this method on the requested resource"});
    const auto options = readOptions(exchange.request.query);
    if (!options) return errorResponse(options.error());
    const std::string& name = exchange.info.name;
    if (const auto errors = checkOptions(*options); !errors.empty())
        return errorResponse(field::toInvalid("", "PodLogOptions", name, errors));
    const auto pod = podOf(m_server.verbs(), exchange.info.namespace_, name);
    if (!pod) return errorResponse(pod.error());
    const auto container = containerOf(**pod, options->container);
    if (!container) return errorResponse(container.error());
    if ((*pod)->spec.nodeName.empty()) {  // nothing has run, nothing was written
        Response empty;
        empty.code = 204;
        return empty;
    }
    const auto agent = agentOf(m_server.verbs(), (*pod)->spec.nodeName);
    if (!agent) return errorResponse(agent.error());
    ForwardRequest request = toAgent(*agent, fmt::format("/containerLogs/{}/{}/{}?{}", exchange.info.namespace_, name,
                                                         *container, queryFor(*options)));
    const std::string url = fmt::format("https://{}:{}{}", agent->address, agent->port, request.target);
    request.unreachable = [url](const std::string& why) {
        return errorResponse(withoutReason(fmt::format("Get \"{}\": {}", url, why)));
    };
    request.refused = [name](int code, const std::string& body) { return refusedByAgent(name, code, body); };
    request.answered = [](Headers& headers) { headers.set("Content-Type", "text/plain"); };
    return m_forwarder.forward(exchange.request, std::move(request));
}

}  // namespace qd::apiserver

#include "vmnodes/agent/server/image_endpoint.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <filesystem>
#include <optional>

#include "cluster/base/log.h"

namespace qd::agent::server {
namespace {

using apiserver::Request;
using apiserver::Response;

Response respond(int code, const char* type, std::string body) {
    Response response;
    response.code = code;
    response.headers.set("Content-Type", type);
    response.body.push_back(http::bytes(std::move(body)));
    return response;
}

Response answer(const boost::json::object& tree) {
    return respond(200, "application/json", boost::json::serialize(tree));
}

Response refused(int code, const std::string& message) {
    return respond(code, "text/plain; charset=utf-8", message + "\n");
}

Response refused(const Error& error) {
    return refused(error.httpStatus(), error.message);
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Response ImageEndpoint::handle(const std::vector<std::string>& parts, const Request& request) {
    const bool toImport = parts.size() == 2 && parts[1] == "import";
    if (parts.size() != 1 && !toImport) return refused(404, "404 page not found");
    if (request.method == "POST") return toImport ? import(parts[0]) : append(parts[0], request);
    if (request.method != "DELETE" || toImport) return refused(405, "405 method not allowed");
    m_uploads.remove(parts[0]);
    return answer({});
}

Response ImageEndpoint::append(const std::string& id, const Request& request) {
    if (request.bodyTooLarge)
        return refused(413, fmt::format("a part of an archive has at most {} bytes", request.bodyLimit));
    const auto offset = number(request.query.get("offset"));
    if (!offset) return refused(400, "offset: a number of bytes is expected");
    const auto size = m_uploads.append(id, *offset, request.body);
    if (!size) return refused(size.error());
    return answer({{"size", *size}});
}

Response ImageEndpoint::import(const std::string& id) {
    const auto archive = m_uploads.take(id);
    if (!archive) return refused(archive.error());
    const auto names = m_importer.import(*archive);
    std::error_code ignored;
    std::filesystem::remove(*archive, ignored);
    if (!names) return refused(names.error());
    base::logger("images")->info("imported {}", fmt::join(*names, ", "));
    return answer({{"images", boost::json::array(names->begin(), names->end())}});
}

}  // namespace qd::agent::server

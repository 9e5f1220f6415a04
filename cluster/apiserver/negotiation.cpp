#include "cluster/apiserver/negotiation.h"

#include <algorithm>
#include <charconv>

namespace qd::apiserver {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kYaml = "application/yaml";
constexpr std::string_view kProtobuf = "application/vnd.kubernetes.protobuf";
constexpr std::string_view kAcceptedTypes =
    "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf, "
    "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

template <typename Visit>
void split(std::string_view text, char separator, Visit&& visit) {
    while (true) {
        const auto at = text.find(separator);
        visit(trim(text.substr(0, at)));
        if (at == std::string_view::npos) return;
        text.remove_prefix(at + 1);
    }
}

MediaType parseMediaType(std::string_view clause) {
    MediaType media;
    split(clause, ';', [&](std::string_view part) {
        if (media.type.empty()) {
            media.type = lower(part);
            return;
        }
        const auto equals = part.find('=');
        std::string name = lower(trim(part.substr(0, equals)));
        std::string value = equals == std::string_view::npos ? "" : std::string(trim(part.substr(equals + 1)));
        if (name == "q") {
            std::from_chars(value.data(), value.data() + value.size(), media.quality);
        } else {
            media.parameters.emplace_back(std::move(name), std::move(value));
        }
    });
    return media;
}

std::optional<Encoding> encodingOf(std::string_view type) {
    if (type == kJson || type == "*/*" || type == "application/*") return Encoding::Json;
    if (type == kYaml || type == "application/x-yaml" || type == "text/yaml") return Encoding::Yaml;
    if (type == kProtobuf) return Encoding::Protobuf;
    return std::nullopt;
}

// Tables exist as JSON (and YAML) in meta.k8s.io/v1, partial metadata as protobuf too; v1beta1 is no more.
std::optional<Shown> shownAs(const MediaType& media) {
    const std::string_view as = media.parameter("as");
    if (as.empty()) return Shown::Object;
    if (media.parameter("g") != "meta.k8s.io" || (media.parameter("v") != "v1" && media.parameter("v") != "v1beta1")) return std::nullopt;
    if (as == "Table") return Shown::Table;
    if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") return Shown::PartialObjectMetadata;
    return std::nullopt;
}

bool wantsPretty(const Request& request) {
    if (const std::string* pretty = request.query.find("pretty")) return *pretty != "false" && *pretty != "0";
    const std::string_view agent = request.headers.get("User-Agent");
    return agent.starts_with("curl") || agent.starts_with("Wget") || agent.starts_with("Mozilla/5.0");
}

}  // namespace

std::string_view MediaType::parameter(std::string_view name) const {
    for (const auto& [key, value] : parameters) {
        if (key == name) return value;
    }
    return {};
}

std::string_view Wanted::contentType() const {
    switch (encoding) {
        case Encoding::Json: return kJson;
        case Encoding::Yaml: return kYaml;
        case Encoding::Protobuf: return kProtobuf;
    }
    return kJson;
}

std::vector<MediaType> parseAccept(std::string_view header) {
    std::vector<MediaType> all;
    split(header, ',', [&](std::string_view clause) {
        if (!clause.empty()) all.push_back(parseMediaType(clause));
    });
    std::stable_sort(all.begin(), all.end(), [](const MediaType& a, const MediaType& b) { return a.quality > b.quality; });
    return all;
}

Result<Wanted> negotiate(const Request& request, bool allowShown) {
    Wanted wanted;
    wanted.pretty = wantsPretty(request);
    const std::string_view header = request.headers.get("Accept");
    if (header.empty()) return wanted;
    for (const MediaType& media : parseAccept(header)) {
        const auto encoding = encodingOf(media.type);
        if (!encoding) continue;
        const auto as = allowShown ? shownAs(media) : (media.parameter("as").empty() ? std::optional(Shown::Object) : std::nullopt);
        if (!as || (*as == Shown::Table && *encoding == Encoding::Protobuf)) continue;
        wanted.encoding = *encoding;
        wanted.as = *as;
        return wanted;
    }
    return fail(Reason::NotAcceptable, std::string(kAcceptedTypes));
}

Result<Encoding> bodyEncoding(const Request& request) {
    const std::string_view header = request.headers.get("Content-Type");
    if (header.empty()) return Encoding::Json;
    const MediaType media = parseMediaType(header);
    const auto encoding = media.type.find('*') == std::string::npos ? encodingOf(media.type) : std::nullopt;
    if (encoding) return *encoding;
    return fail(Reason::UnsupportedMediaType,
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf");
}

}  // namespace qd::apiserver

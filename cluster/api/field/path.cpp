#include "cluster/api/field/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace qd::api::field {
namespace {

// strconv.Quote for the texts that occur in objects.
std::string goQuoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            case '\a': out += "\\a"; break;
            case '\b': out += "\\b"; break;
            case '\f': out += "\\f"; break;
            case '\v': out += "\\v"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
                    out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
                } else {
                    out += c;
                }
        }
    }
    return out + '"';
}

std::string withDetail(std::string head, std::string_view detail) {
    if (detail.empty()) return head;
    return head + ": " + std::string(detail);
}

}  // namespace

std::string_view errorTypeName(ErrorType type) {
    switch (type) {
        case ErrorType::NotFound: return "FieldValueNotFound";
        case ErrorType::Required: return "FieldValueRequired";
        case ErrorType::Duplicate: return "FieldValueDuplicate";
        case ErrorType::Invalid: return "FieldValueInvalid";
        case ErrorType::NotSupported: return "FieldValueNotSupported";
        case ErrorType::Forbidden: return "FieldValueForbidden";
        case ErrorType::TooLong: return "FieldValueTooLong";
        case ErrorType::TooMany: return "FieldValueTooMany";
        case ErrorType::InternalError: return "InternalError";
        case ErrorType::TypeInvalid: return "FieldValueTypeInvalid";
    }
    return "FieldValueInvalid";
}

Shown::Shown(std::string_view text) : m_text(goQuoted(text)) {}
Shown::Shown(double value) : m_text(fmt::format("{}", value)) {}

Shown Shown::raw(std::string text) {
    Shown shown;
    shown.m_text = std::move(text);
    return shown;
}

FieldError required(const Path& path, std::string_view detail) {
    return {ErrorType::Required, path.text(), withDetail("Required value", detail)};
}

FieldError invalid(const Path& path, const Shown& value, std::string_view detail) {
    return {ErrorType::Invalid, path.text(), withDetail("Invalid value: " + value.text(), detail)};
}

FieldError notSupported(const Path& path, const Shown& value, std::vector<std::string> supported) {
    std::string detail;
    if (!supported.empty()) {
        for (auto& each : supported) each = goQuoted(each);
        detail = fmt::format("supported values: {}", fmt::join(supported, ", "));
    }
    return {ErrorType::NotSupported, path.text(), withDetail("Unsupported value: " + value.text(), detail)};
}

FieldError duplicate(const Path& path, const Shown& value) {
    return {ErrorType::Duplicate, path.text(), "Duplicate value: " + value.text()};
}

FieldError forbidden(const Path& path, std::string_view detail) {
    return {ErrorType::Forbidden, path.text(), withDetail("Forbidden", detail)};
}

FieldError notFound(const Path& path, const Shown& value) {
    return {ErrorType::NotFound, path.text(), "Not found: " + value.text()};
}

FieldError tooLong(const Path& path, std::int64_t maxLength) {
    std::string detail = "may not be more than " + std::to_string(maxLength) + (maxLength == 1 ? " byte" : " bytes");
    return {ErrorType::TooLong, path.text(), "Too long: " + detail};
}

FieldError tooMany(const Path& path, std::int64_t actual, std::int64_t maximum) {
    const std::string items = maximum == 1 ? " item" : " items";
    return {ErrorType::TooMany, path.text(),
            fmt::format("Too many: {}: must have at most {}{}", actual, maximum, items)};
}

FieldError typeInvalid(const Path& path, const Shown& value, std::string_view detail) {
    return {ErrorType::TypeInvalid, path.text(), withDetail("Invalid value: " + value.text(), detail)};
}

FieldError internal(const Path& path, std::string_view detail) {
    return {ErrorType::InternalError, path.text(), withDetail("Internal error", detail)};
}

void append(Errors& all, Errors more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string aggregate(const std::vector<std::string>& messages) {
    std::vector<std::string> once;
    std::unordered_set<std::string_view> seen;
    for (const auto& message : messages) {
        if (seen.insert(message).second) once.push_back(message);
    }
    if (once.size() == 1) return once.front();
    return fmt::format("[{}]", fmt::join(once, ", "));
}

base::Error toInvalid(std::string_view group, std::string_view kind, std::string_view name, const Errors& errors) {
    std::vector<std::string> messages;
    base::Error error{base::Reason::Invalid, ""};
    for (const auto& each : errors) {
        messages.push_back(each.message());
        error.causes.push_back({std::string(errorTypeName(each.type)), each.body, each.field});
    }
    const std::string qualified = group.empty() ? std::string(kind) : fmt::format("{}.{}", kind, group);
    error.message = fmt::format("{} \"{}\" is invalid: {}", qualified, name, aggregate(messages));
    error.details = base::ErrorDetails{std::string(name), std::string(group), std::string(kind), "", 0};
    return error;
}

}  // namespace qd::api::field

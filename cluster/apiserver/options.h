// Query parameters and bodies that say how a verb is meant: CreateOptions, PatchOptions, DeleteOptions, ListOptions.
// Wrong values are answered with upstream's words (k8s.io/apimachinery meta/v1/validation).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cluster/api/kinds/kind.h"
#include "cluster/apiserver/http.h"
#include "cluster/apiserver/verbs/verbs.h"

namespace qd::apiserver {

struct WriteParameters {
    bool dryRun = false;
    std::string fieldManager;     // as given; may be empty
    std::string fieldValidation;  // "Ignore", "Warn", "Strict"; "Warn" when not given
    bool force = false;
};

// optionsKind: "CreateOptions", "UpdateOptions" or "PatchOptions", for messages. isApply: fieldManager is required and
// force allowed.
Result<WriteParameters> parseWriteParameters(const Request& request, std::string_view optionsKind, bool isPatch, bool isApply);

// From the query and, where there is one, the body (JSON or YAML).
Result<DeleteOptions> parseDeleteOptions(const Request& request);

struct ListParameters {
    std::string labelSelector;
    std::string fieldSelector;
    std::string resourceVersion;
    std::string resourceVersionMatch;
    std::int64_t limit = 0;
    std::string continueToken;
    bool watch = false;
    bool allowWatchBookmarks = false;
    std::optional<bool> sendInitialEvents;
    std::optional<std::int64_t> timeoutSeconds;
};
Result<ListParameters> parseListParameters(const Request& request);

// The field manager that a request without one is counted under: the user agent up to the first slash.
std::string managerFromUserAgent(std::string_view userAgent);

}  // namespace qd::apiserver

// The lists of indexes of an Indexed Job as text: "1,3-5,7", rising.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ (completedIndexes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qd::api {

struct JobIndexes {
    std::int32_t count = 0;
    std::string fault = {};  // in upstream's words; empty when the text can be read
};

// How many indexes the text lists. Each must be below `completions`.
JobIndexes readJobIndexes(std::string_view text, std::int32_t completions);
// The first index that is in both. Intervals that cannot be read are passed over.
std::optional<std::int32_t> firstSharedIndex(std::string_view a, std::string_view b, std::int32_t completions);

}  // namespace qd::api

// The body of a PATCH request.
#pragma once

#include "cluster/apiserver/options.h"
#include "cluster/apiserver/verbs/verbs.h"

namespace qd::apiserver::handlers {

struct PatchBody {
    PatchRequest request;
    WriteParameters parameters;
};

// UnsupportedMediaType when the content type is no patch's; otherwise what the patch or the parameters are wrong with.
Result<PatchBody> readPatch(const Request& request);

}  // namespace qd::apiserver::handlers

// Errors as the Status objects that clients read.
// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/.
#pragma once

#include <string>
#include <vector>

#include "cluster/apiserver/http.h"
#include "cluster/base/result.h"

namespace qd::apiserver {

// {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",...}
// `continueToken` becomes metadata.continue: where a list can go on although the one before has expired.
std::string statusJson(const Error& error, const std::string& continueToken = "");
// The Status that a finished deletion answers with.
std::string deletedStatusJson(const std::string& name, const std::string& group, const std::string& plural, const std::string& uid);

Response errorResponse(const Error& error, const std::string& continueToken = "");
Response jsonResponse(int code, std::string body);
Response textResponse(int code, std::string body);

// Adds Warning headers (RFC 7234 section 5.5, code 299), as kube-apiserver does.
void addWarnings(Response& response, const std::vector<std::string>& warnings);

}  // namespace qd::apiserver

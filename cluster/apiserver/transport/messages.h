// The parts of requests and responses that HTTP/1 and HTTP/2 share. Private to the transport.
#pragma once

#include <string>
#include <string_view>

#include "cluster/apiserver/http.h"
#include "cluster/base/time.h"

namespace qd::apiserver {

// Fills path, rawPath, rawQuery and query. False for what is neither a path nor an absolute URL, or is escaped wrongly.
bool setTarget(Request& request, std::string_view target);

// Answers of the transport itself.
Response internalError();
Response plainText(int code, const std::string& text);

// Whether a response with this code has a body at all, RFC 9110 section 6.4.1.
bool mayHaveBody(int code);
std::string_view phraseOf(int code);
// The Date field's value.
std::string httpDate(base::WallTime time);

// Compresses the body and sets the fields that say so, when the response and the client's Accept-Encoding allow it.
void compressIfAllowed(Response& response, bool clientAcceptsGzip, std::size_t threshold);
// Whether an Accept-Encoding value lists gzip and does not forbid it with q=0.
bool acceptsGzip(const Headers& headers);

// Fields that belong to the transport and are dropped from a handler's response.
bool isConnectionField(std::string_view name);

}  // namespace qd::apiserver

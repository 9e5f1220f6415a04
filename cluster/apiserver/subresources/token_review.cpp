#include "cluster/apiserver/subresources/token_review.h"

#include "cluster/api/types/authentication_v1.h"
#include "cluster/apiserver/status.h"
#include "cluster/apiserver/subresources/posted.h"

namespace qd::apiserver {
namespace {

authenticationv1::UserInfo infoOf(const User& user) {
    authenticationv1::UserInfo info;
    info.username = user.name;
    info.uid = user.uid;
    info.groups = user.groups;
    for (const auto& [key, values] : user.extra) info.extra[key].assign(values.begin(), values.end());
    return info;
}

}  // namespace

Response TokenReviewHandler::handle(const Exchange& exchange) {
    auto posted = readPosted(m_server, exchange, *exchange.kind);
    if (!posted) return errorResponse(posted.error());
    auto& review = posted->as<authenticationv1::TokenReview>();
    if (review.spec.token.empty()) {
        return errorResponse({Reason::BadRequest, "token is required for TokenReview in authentication"});
    }
    const auto& audiences = review.spec.audiences.empty() ? m_tokens.audiences() : review.spec.audiences;
    review.status = {};
    // As if it came in a header: blanks are no token, and whoever sends none is nobody.
    const auto token = bearerToken("Bearer " + review.spec.token);
    if (!token) {
        review.status.authenticated = true;
        review.status.user = infoOf({.name = std::string(kAnonymousUser), .uid = {}, .groups = {std::string(kUnauthenticatedGroup)}, .extra = {}});
        review.status.audiences = audiences;
        return answerPosted(m_server, *exchange.kind, *posted);
    }
    auto identity = m_tokens.identify(*token, audiences);
    if (!identity) {
        review.status.error = identity.error().message;
        return answerPosted(m_server, *exchange.kind, *posted);
    }
    if (!identity->user.isIn(kAuthenticatedGroup)) identity->user.groups.emplace_back(kAuthenticatedGroup);
    review.status.authenticated = true;
    review.status.user = infoOf(identity->user);
    review.status.audiences = std::move(identity->audiences);
    return answerPosted(m_server, *exchange.kind, *posted);
}

Response SelfSubjectReviewHandler::handle(const Exchange& exchange) {
    auto posted = readPosted(m_server, exchange, *exchange.kind);
    if (!posted) return errorResponse(posted.error());
    posted->as<authenticationv1::SelfSubjectReview>().status.userInfo = infoOf(exchange.user);
    return answerPosted(m_server, *exchange.kind, *posted);
}

}  // namespace qd::apiserver

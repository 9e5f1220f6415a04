#include "cluster/apiserver/auth/impersonation.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "cluster/api/meta/names.h"
#include "cluster/apiserver/auth/node_identity.h"
#include "cluster/apiserver/auth/service_account_tokens.h"

namespace qd::apiserver {
namespace {

constexpr std::string_view kExtraPrefix = "impersonate-extra-";
constexpr const char* kAuthenticationGroup = "authentication.k8s.io";
constexpr const char* kNodeNameKey = "authentication.kubernetes.io/node-name";
// From so many groups or extra values on, the right to all of them is asked for first.
constexpr std::size_t kMany = 4;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

User wishOf(const Request& request) {
    User wish;
    wish.name = request.headers.get("Impersonate-User");
    wish.uid = request.headers.get("Impersonate-Uid");
    for (const auto group : request.headers.all("Impersonate-Group")) wish.groups.emplace_back(group);
    for (const auto& [name, value] : request.headers) {
        const std::string lowered = lower(name);
        if (!lowered.starts_with(kExtraPrefix)) continue;
        const std::string escaped = lowered.substr(kExtraPrefix.size());
        wish.extra[http::decodePath(escaped).value_or(escaped)].push_back(value);
    }
    return wish;
}

// As Go prints a []string with %#v.
std::string goList(const std::vector<std::string>& list) {
    if (list.empty()) return "[]string(nil)";
    return fmt::format("[]string{{\"{}\"}}", fmt::join(list, "\", \""));
}

Error userMissing(const User& wish) {
    std::string extra = "map[string][]string(nil)";
    if (!wish.extra.empty()) {
        std::vector<std::string> pairs;
        for (const auto& [key, values] : wish.extra) pairs.push_back(fmt::format("\"{}\":{}", key, goList(values)));
        extra = fmt::format("map[string][]string{{{}}}", fmt::join(pairs, ", "));
    }
    return {Reason::BadRequest,
            fmt::format("requested &user.DefaultInfo{{Name:\"{}\", UID:\"{}\", Groups:{}, Extra:{}}} without impersonating a user name",
                        wish.name, wish.uid, goList(wish.groups), extra)};
}

bool isNameAlone(const User& wish) { return wish.uid.empty() && wish.groups.empty() && wish.extra.empty(); }

// A DNS name, a slash and a path, in lower case.
bool isExtraKey(const std::string& key) {
    const auto slash = key.find('/');
    if (slash == std::string::npos || slash + 1 == key.size() || key != lower(key)) return false;
    return api::dns1123SubdomainErrors(key.substr(0, slash)).empty();
}

std::size_t countOfValues(const User& wish) {
    std::size_t count = 0;
    for (const auto& [key, values] : wish.extra) count += values.size();
    return count;
}

// One way to be allowed to act as somebody. The constrained ways ask two things: may the requestor be that user, and may
// it do this very request as somebody else; the oldest way asks the first alone.
class Mode {
public:
    Mode(std::string name, const AuthorizationAttributes& asked, const Authorizer& authorizer)
        : m_name(std::move(name)), m_asked(asked), m_authorizer(authorizer) {}

    Result<User> check(const User& wish) const {
        if (isConstrained()) {
            AuthorizationAttributes request = m_asked;
            request.verb = "impersonate-on:" + m_name + ":" + m_asked.verb;
            if (auto allowed = ask(std::move(request)); !allowed) return fail(std::move(allowed.error()));
        }
        auto allowed = checkName(wish);
        if (allowed && !wish.uid.empty()) allowed = ask(question(kAuthenticationGroup, "uids", wish.uid));
        if (allowed) allowed = checkGroups(wish);
        if (allowed) allowed = checkExtra(wish);
        if (!allowed) return fail(std::move(allowed.error()));
        return completed(wish);
    }

private:
    bool isConstrained() const { return !m_name.empty(); }
    // Where the rights to names and groups stand.
    const char* nameGroup() const { return isConstrained() ? kAuthenticationGroup : ""; }

    AuthorizationAttributes question(const std::string& group, const std::string& resource, const std::string& name) const {
        AuthorizationAttributes asked;
        asked.user = m_asked.user;
        asked.verb = isConstrained() ? "impersonate:" + m_name : "impersonate";
        asked.group = group;
        asked.version = "v1";
        asked.resource = resource;
        asked.name = name;
        return asked;
    }

    Result<void> ask(AuthorizationAttributes asked) const {
        User requestor;
        if (m_name == "associated-node") {
            // The name was compared already: whoever may this may it on every node.
            requestor = *asked.user;
            std::vector<std::string> keys;
            for (const auto& [key, values] : requestor.extra) keys.push_back(key);
            requestor.extra = {{"authentication.kubernetes.io/associated-node-keys", std::move(keys)}};
            asked.user = &requestor;
            if (asked.verb == "impersonate:associated-node") asked.name = "*";
        }
        const Verdict verdict = m_authorizer.authorize(asked);
        if (verdict.decision == Decision::Allow) return {};
        return fail(forbiddenError(asked, verdict.reason));
    }

    Result<void> checkName(const User& wish) const {
        if (const auto account = splitServiceAccountUser(wish.name)) {
            auto asked = question(nameGroup(), "serviceaccounts", account->second);
            asked.namespace_ = account->first;
            return ask(std::move(asked));
        }
        if (const auto node = nodeOfUser(wish.name); node && isConstrained()) return ask(question(nameGroup(), "nodes", *node));
        return ask(question(nameGroup(), "users", wish.name));
    }

    Result<void> checkGroups(const User& wish) const {
        if (wish.groups.empty()) return {};
        const auto refuse = [&](const std::string& name, const char* why) -> Result<void> {
            return fail(forbiddenError(question(nameGroup(), "groups", name), why));
        };
        if (isConstrained() && wish.isIn("")) return refuse("", "impersonating the empty string group is not allowed");
        if (isConstrained() && wish.isIn(kMastersGroup)) {
            return refuse(std::string(kMastersGroup), "impersonating the system:masters group is not allowed");
        }
        if (isConstrained() && wish.groups.size() >= kMany && ask(question(nameGroup(), "groups", "*"))) return {};
        for (const auto& group : wish.groups) {
            if (auto allowed = ask(question(nameGroup(), "groups", group)); !allowed) return allowed;
        }
        return {};
    }

    Result<void> checkExtra(const User& wish) const {
        const auto extra = [&](const std::string& key, const std::string& value) {
            auto asked = question(kAuthenticationGroup, "userextras", value);
            asked.subresource = key;
            return asked;
        };
        if (isConstrained()) {
            for (const auto& [key, values] : wish.extra) {
                if (!isExtraKey(key)) {
                    return fail(forbiddenError(extra("", ""), fmt::format("impersonating an invalid key in extra is not allowed: \"{}\"", key)));
                }
                if (std::find(values.begin(), values.end(), "") != values.end()) {
                    return fail(forbiddenError(extra("", ""), "impersonating the empty string value in extra is not allowed"));
                }
            }
            if (countOfValues(wish) >= kMany && ask(extra("*", "*"))) return {};
        }
        for (const auto& [key, values] : wish.extra) {
            for (const auto& value : values) {
                if (auto allowed = ask(extra(key, value)); !allowed) return allowed;
            }
        }
        return {};
    }

    User completed(User user) const {
        if (const auto account = splitServiceAccountUser(user.name); account && user.groups.empty()) {
            user.groups = serviceAccountGroups(account->first);
        } else if (isConstrained() && nodeOfUser(user.name)) {
            user.groups = {std::string(kNodesGroup)};
        }
        const auto ensure = [&](std::string_view group) {
            if (!user.isIn(group)) user.groups.emplace_back(group);
        };
        if (user.name == kAnonymousUser) {
            ensure(kUnauthenticatedGroup);
        } else if (!user.isIn(kUnauthenticatedGroup)) {
            ensure(kAuthenticatedGroup);
        }
        return user;
    }

    std::string m_name;  // empty: the oldest one
    const AuthorizationAttributes& m_asked;
    const Authorizer& m_authorizer;
};

// The ways that fit whom the requestor wants to be, the narrowest first.
std::vector<std::string> modesFor(const User& wish, const User& requestor) {
    std::vector<std::string> modes;
    const auto node = nodeOfUser(wish.name);
    const bool isAccount = splitServiceAccountUser(wish.name).has_value();
    if (node && isNameAlone(wish)) {
        const auto own = requestor.extra.find(kNodeNameKey);
        const bool runsThere = splitServiceAccountUser(requestor.name) && own != requestor.extra.end() &&
                               own->second == std::vector<std::string>{*node};
        if (runsThere) modes.emplace_back("associated-node");
        modes.emplace_back("arbitrary-node");
    }
    if (isAccount && isNameAlone(wish)) modes.emplace_back("serviceaccount");
    if (!node && !isAccount) modes.emplace_back("user-info");
    modes.emplace_back("");
    return modes;
}

}  // namespace

Result<User> impersonated(const Request& request, const AuthorizationAttributes& asked, const Authorizer& authorizer) {
    const User wish = wishOf(request);
    if (wish.name.empty()) {
        if (isNameAlone(wish)) return *asked.user;
        return fail(userMissing(wish));
    }
    std::optional<Error> first;
    for (const auto& mode : modesFor(wish, *asked.user)) {
        auto user = Mode(mode, asked, authorizer).check(wish);
        if (user) return user;
        if (!first) first = std::move(user.error());
    }
    return fail(std::move(*first));
}

}  // namespace qd::apiserver

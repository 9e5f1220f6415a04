#include "cluster/client/kubeconfig/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>

#include "cluster/base/http/message.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/base/pki/token.h"

namespace qd::client {

namespace {

// An anchor that holds its own alias has no end.
constexpr int kDeepest = 64;

base::Failure notAKubeconfig(const std::string& why) {
    return fail(Reason::Invalid, "not a kubeconfig: " + why);
}

YAML::Node emptyConfig() {
    YAML::Node root(YAML::NodeType::Map);
    root["apiVersion"] = "v1";
    root["kind"] = "Config";
    for (const char* list : {"clusters", "contexts", "users"}) root[list] = YAML::Node(YAML::NodeType::Sequence);
    root["current-context"] = "";
    return root;
}

// Runs what uses yaml-cpp; its exceptions end here.
template <typename F>
auto guarded(F function) -> decltype(function()) {
    try {
        return function();
    } catch (const YAML::Exception& error) {
        return notAKubeconfig(error.what());
    }
}

Result<YAML::Node> parse(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return emptyConfig();
    std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty()) return emptyConfig();  // nothing but comments
    if (documents.size() != 1) return notAKubeconfig("it holds " + std::to_string(documents.size()) + " documents");
    YAML::Node root = documents.front();
    if (root.IsNull()) return emptyConfig();
    if (!root.IsMap()) return notAKubeconfig("it is not a map");
    if (root["kind"] && root["kind"].as<std::string>() != "Config") return notAKubeconfig("its kind is not Config");
    for (const char* list : {"clusters", "contexts", "users"}) {
        const YAML::Node node = root[list];
        if (node && !node.IsNull() && !node.IsSequence()) return notAKubeconfig(std::string(list) + " is not a list");
    }
    return root;
}

std::string textOf(const YAML::Node& node, const char* field) {
    if (!node.IsMap()) return {};
    const YAML::Node value = node[field];
    return value && value.IsScalar() ? value.as<std::string>() : std::string();
}

YAML::Node find(const YAML::Node& root, const char* list, const std::string& name) {
    const YAML::Node entries = root[list];
    if (entries && entries.IsSequence()) {
        for (const YAML::Node& entry : entries) {
            if (textOf(entry, "name") == name) return entry;
        }
    }
    return YAML::Node(YAML::NodeType::Undefined);
}

void put(YAML::Node& root, const char* list, const YAML::Node& entry) {
    const std::string name = textOf(entry, "name");
    YAML::Node kept(YAML::NodeType::Sequence);
    bool placed = false;
    for (const YAML::Node& other : root[list]) {
        const bool same = textOf(other, "name") == name;
        if (!same || !placed) kept.push_back(same ? entry : other);
        placed = placed || same;
    }
    if (!placed) kept.push_back(entry);
    root[list] = kept;
}

void drop(YAML::Node& root, const char* list, const std::string& name) {
    YAML::Node kept(YAML::NodeType::Sequence);
    for (const YAML::Node& entry : root[list]) {
        if (textOf(entry, "name") != name) kept.push_back(entry);
    }
    root[list] = kept;
}

YAML::Node named(const std::string& name, const char* field, const YAML::Node& value) {
    YAML::Node entry(YAML::NodeType::Map);
    entry["name"] = name;
    entry[field] = value;
    return entry;
}

void add(YAML::Node& root, const KubeconfigEntry& entry) {
    YAML::Node cluster(YAML::NodeType::Map);
    if (!entry.authorityPem.empty()) cluster["certificate-authority-data"] = pki::base64Encode(entry.authorityPem);
    cluster["server"] = entry.server;
    YAML::Node user(YAML::NodeType::Map);
    if (!entry.clientCertificatePem.empty()) {
        user["client-certificate-data"] = pki::base64Encode(entry.clientCertificatePem);
        user["client-key-data"] = pki::base64Encode(entry.clientKeyPem);
    }
    if (!entry.token.empty()) user["token"] = entry.token;
    YAML::Node context(YAML::NodeType::Map);
    // A namespace that the user has chosen for our context since then is theirs.
    const YAML::Node before = find(root, "contexts", entry.name);
    if (before && before["context"] && before["context"].IsMap()) context = YAML::Clone(before["context"]);
    context["cluster"] = entry.name;
    context["user"] = entry.name;
    if (!entry.namespace_.empty() && !context["namespace"]) context["namespace"] = entry.namespace_;
    put(root, "clusters", named(entry.name, "cluster", cluster));
    put(root, "contexts", named(entry.name, "context", context));
    put(root, "users", named(entry.name, "user", user));
}

// Whether a reader would take the unquoted text for something else than a string.
bool readsAsOther(const std::string& text) {
    static constexpr std::array<std::string_view, 12> kWords{"",   "~",  "null", "true", "false", "yes",
                                                             "no", "on", "off",  "y",    "n",     "nan"};
    const bool word =
        std::ranges::any_of(kWords, [&](std::string_view other) { return http::equalIgnoringCase(text, other); });
    return word || text.find_first_not_of("0123456789+-._:eExXoOabcdefABCDEFTZ") == std::string::npos;
}

// yaml-cpp forgets on writing that a scalar was quoted, which would turn the token "123" into a number.
void emit(YAML::Emitter& out, const YAML::Node& node, int depth) {
    if (depth > kDeepest) throw YAML::Exception(YAML::Mark::null_mark(), "nested too deeply");
    if (!node.Tag().empty() && node.Tag() != "?" && node.Tag() != "!") out << YAML::VerbatimTag(node.Tag());
    if (node.IsMap()) {
        out << YAML::BeginMap;
        for (const auto& field : node) {
            out << YAML::Key;
            emit(out, field.first, depth + 1);
            out << YAML::Value;
            emit(out, field.second, depth + 1);
        }
        out << YAML::EndMap;
    } else if (node.IsSequence()) {
        out << YAML::BeginSeq;
        for (const YAML::Node& entry : node) emit(out, entry, depth + 1);
        out << YAML::EndSeq;
    } else if (node.IsScalar()) {
        const bool quoted = node.Tag() == "!" || (node.Tag().empty() && readsAsOther(node.Scalar()));
        if (quoted) out << YAML::DoubleQuoted;
        out << node.Scalar();
    } else {
        out << YAML::Null;
    }
}

std::string write(const YAML::Node& root) {
    YAML::Emitter emitter;
    emit(emitter, root, 0);
    return std::string(emitter.c_str()) + "\n";
}

bool contextUses(const YAML::Node& root, const char* field, const std::string& name) {
    const YAML::Node contexts = root["contexts"];
    return contexts && std::any_of(contexts.begin(), contexts.end(), [&](const YAML::Node& entry) {
               const YAML::Node context = entry["context"];
               return context && textOf(context, field) == name;
           });
}

// A value that stands in the file as base64 under `<field>-data`, or in another file under `<field>`.
Result<std::string> dataOrFile(const YAML::Node& node, const std::string& field, const std::filesystem::path& folder) {
    if (const std::string data = textOf(node, (field + "-data").c_str()); !data.empty()) {
        auto decoded = pki::base64Decode(data);
        if (!decoded) return fail(decoded.error().within(field + "-data"));
        return decoded;
    }
    const std::string file = textOf(node, field.c_str());
    if (file.empty()) return std::string();
    auto content = pki::readFile(folder / file);
    if (!content) return fail(content.error().within(field));
    return content;
}

Result<void> readUser(const YAML::Node& user, const std::filesystem::path& folder, KubeconfigAccess& access) {
    if (user["exec"] || user["auth-provider"]) {
        return fail(Reason::NotAcceptable, "the user of context \"" + access.context +
                                               "\" signs in by a plugin, which Quarterdeck does not run");
    }
    auto certificate = dataOrFile(user, "client-certificate", folder);
    if (!certificate) return fail(certificate.error());
    auto key = dataOrFile(user, "client-key", folder);
    if (!key) return fail(key.error());
    access.clientCertificatePem = std::move(*certificate);
    access.clientKeyPem = std::move(*key);
    access.token = textOf(user, "token");
    if (const std::string file = textOf(user, "tokenFile"); !file.empty()) access.tokenFile = (folder / file).string();
    return {};
}

}  // namespace

std::string newKubeconfig(const KubeconfigEntry& entry) {
    YAML::Node root = emptyConfig();
    add(root, entry);
    root["current-context"] = entry.name;
    return write(root);
}

Result<std::string> mergeKubeconfig(std::string_view existing, const KubeconfigEntry& entry, bool makeCurrent) {
    return guarded([&]() -> Result<std::string> {
        auto root = parse(existing);
        if (!root) return fail(root.error());
        if (!(*root)["apiVersion"]) (*root)["apiVersion"] = "v1";
        if (!(*root)["kind"]) (*root)["kind"] = "Config";
        add(*root, entry);
        if (makeCurrent || textOf(*root, "current-context").empty()) (*root)["current-context"] = entry.name;
        return write(*root);
    });
}

Result<std::string> removeFromKubeconfig(std::string_view existing, const std::string& name) {
    return guarded([&]() -> Result<std::string> {
        auto root = parse(existing);
        if (!root) return fail(root.error());
        drop(*root, "contexts", name);
        if (!contextUses(*root, "cluster", name)) drop(*root, "clusters", name);
        if (!contextUses(*root, "user", name)) drop(*root, "users", name);
        if (textOf(*root, "current-context") == name) (*root)["current-context"] = "";
        return write(*root);
    });
}

Result<KubeconfigContexts> contextsOf(std::string_view text) {
    return guarded([&]() -> Result<KubeconfigContexts> {
        const auto root = parse(text);
        if (!root) return fail(root.error());
        KubeconfigContexts contexts;
        for (const YAML::Node& entry : (*root)["contexts"]) contexts.names.push_back(textOf(entry, "name"));
        contexts.current = textOf(*root, "current-context");
        return contexts;
    });
}

Result<KubeconfigAccess> accessOf(std::string_view text, const std::string& context,
                                  const std::filesystem::path& folder) {
    return guarded([&]() -> Result<KubeconfigAccess> {
        const auto root = parse(text);
        if (!root) return fail(root.error());
        KubeconfigAccess access;
        access.context = context.empty() ? textOf(*root, "current-context") : context;
        if (access.context.empty()) return fail(Reason::NotFound, "the kubeconfig has no current context");
        const YAML::Node named = find(*root, "contexts", access.context);
        if (!named || !named["context"])
            return fail(Reason::NotFound, "context \"" + access.context + "\" does not exist");
        access.namespace_ = textOf(named["context"], "namespace");
        const std::string clusterName = textOf(named["context"], "cluster");
        const std::string userName = textOf(named["context"], "user");
        const YAML::Node cluster = find(*root, "clusters", clusterName);
        if (!cluster || !cluster["cluster"])
            return fail(Reason::NotFound, "cluster \"" + clusterName + "\" does not exist");
        const YAML::Node body = cluster["cluster"];
        access.server = textOf(body, "server");
        access.tlsServerName = textOf(body, "tls-server-name");
        access.insecureSkipVerify = textOf(body, "insecure-skip-tls-verify") == "true";
        auto authority = dataOrFile(body, "certificate-authority", folder);
        if (!authority) return fail(authority.error());
        access.authorityPem = std::move(*authority);
        if (userName.empty()) return access;
        const YAML::Node user = find(*root, "users", userName);
        if (!user) return fail(Reason::NotFound, "user \"" + userName + "\" does not exist");
        if (user["user"] && user["user"].IsMap()) {
            if (const auto read = readUser(user["user"], folder, access); !read) return fail(read.error());
        }
        return access;
    });
}

}  // namespace qd::client

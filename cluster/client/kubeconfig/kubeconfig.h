// The user's kubeconfig: finding it, writing our cluster into it, taking it out again. Other people's entries, and
// fields that we do not know, are kept; comments are not.
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::client {

// One cluster, user and context of the same name: what Quarterdeck writes.
struct KubeconfigEntry {
    std::string name;  // e.g. quarterdeck-dev
    std::string server;
    std::string authorityPem;
    std::string clientCertificatePem;
    std::string clientKeyPem;
    std::string token;       // instead of the certificate
    std::string namespace_;  // of the context; empty: kubectl's default
};

// How to reach a cluster that a kubeconfig names; what HttpClientOptions needs. Files that it names have been read,
// except the token's, which is read anew while it is used.
struct KubeconfigAccess {
    std::string context;
    std::string server;
    std::string authorityPem;
    std::string tlsServerName;
    bool insecureSkipVerify = false;
    std::string clientCertificatePem;
    std::string clientKeyPem;
    std::string token;
    std::string tokenFile;
    std::string namespace_;
};

// The text of a kubeconfig with just this entry, its context being the current one: for a file of its own or the
// clipboard.
std::string newKubeconfig(const KubeconfigEntry& entry);

// The text with the entry added, or put in the place of its predecessor of the same name. The current context is
// changed only if asked, or if there was none. Invalid for text that is not a kubeconfig; an empty one is a new one.
Result<std::string> mergeKubeconfig(std::string_view existing, const KubeconfigEntry& entry, bool makeCurrent);

// The text without the cluster, user and context of this name. The current context is cleared when it was this one. A
// cluster or user that another context still uses stays.
Result<std::string> removeFromKubeconfig(std::string_view existing, const std::string& name);

// The names of the contexts, and the current one.
struct KubeconfigContexts {
    std::vector<std::string> names;
    std::string current;
};
Result<KubeconfigContexts> contextsOf(std::string_view text);

// Resolves a context (empty: the current one). Relative file names are relative to `folder`. NotFound names what is
// missing; NotAcceptable for users that need an exec plugin or an auth provider.
Result<KubeconfigAccess> accessOf(std::string_view text, const std::string& context,
                                  const std::filesystem::path& folder);

// The file that kubectl would write to: the first existing one of $KUBECONFIG's list, else the list's last, else
// ~/.kube/config. Empty when neither variable nor home directory is known. The values are passed in, so that nothing
// here reads the environment by itself.
std::filesystem::path defaultKubeconfigPath(const char* kubeconfigVariable, const char* home);

// Merge and remove on a file: makes a backup beside it first (<file>.quarterdeck-backup-<UTC time>), then replaces it
// atomically with mode 0600 or the stricter one that it had. Does nothing when the text would not change. The backup's
// path, if one was made.
Result<std::optional<std::filesystem::path>> mergeIntoFile(const std::filesystem::path& file,
                                                           const KubeconfigEntry& entry, bool makeCurrent,
                                                           base::WallTime now);
Result<std::optional<std::filesystem::path>> removeFromFile(const std::filesystem::path& file, const std::string& name,
                                                            base::WallTime now);

}  // namespace qd::client

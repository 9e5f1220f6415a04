// Keeps this node's client certificate: asks for the first one with a bootstrap token, renews it long before it ends,
// and asks with the token again when it has ended or the API server does not take it.
//
//     const auto show = [&](const pki::Identity& now) { client.setCertificate(now.certificatePem, now.keyPem); };
//     CertificateManager certificates(executor, random, options, client, bootstrapClient.get(), show);
//     certificates.start();
//
// The key never leaves the node: each certificate has a new one, made here. Certificate and key are kept in one file,
// so that after a restart the node is who it was. What fails is tried again after 2 to 32 seconds, for ever. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cluster/base/pki/certificate.h"
#include "cluster/base/random.h"
#include "cluster/client/client.h"

namespace qd::agent {

class CertificateManager {
public:
    struct Options {
        std::string nodeName;
        std::filesystem::path folder;           // of the file kubelet-client-current.pem
        std::optional<std::int32_t> life = {};  // in seconds, what to ask for; none: as long as the signer gives
    };
    // Told of the certificate that was found at the start and of each new one, on a thread of the executor, before it
    // is used.
    using Changed = std::function<void(const pki::Identity&)>;

    // `own` shows the certificate that Changed was told of. `bootstrap` shows the token; null: there is none. The
    // executor's tasks must have ended before what is given here goes.
    CertificateManager(base::Executor& executor, base::Random& random, Options options, client::Client& own,
                       client::Client* bootstrap, Changed changed);
    ~CertificateManager();

    void start();
    void stop();
    // Looks whether something is to be done now, rather than within a minute.
    void look();
    // Whether there is one that the node can show now.
    bool hasCertificate() const;

private:
    struct State;
    std::shared_ptr<State> m_state;
};

}  // namespace qd::agent

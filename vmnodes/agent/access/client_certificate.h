// The certificate by which a node is known to the API server: the user system:node:<name> of the group system:nodes.
// How it must look, when it is to be renewed, and the file that keeps it with its key while the node is off. Source:
// https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "cluster/base/pki/certificate.h"

namespace qd::agent {

struct ClientCertificate {
    pki::Certificate certificate;
    pki::Identity pem;
};

std::string nodeUser(const std::string& nodeName);
pki::Subject nodeSubject(const std::string& nodeName);

// BadRequest when one of them cannot be read, they do not belong together, or they are not this node's.
Result<ClientCertificate> parseClientCertificate(std::string_view certificatePem, std::string_view keyPem,
                                                 const std::string& nodeName);

// Both from one file, the certificate first, as kubelet-client-current.pem is. NotFound when there is none.
Result<ClientCertificate> readClientCertificate(const std::filesystem::path& file, const std::string& nodeName);
// Whole or not at all, also when the machine is switched off meanwhile; its folder is made if need be.
Result<void> writeClientCertificate(const std::filesystem::path& file, const pki::Identity& pem);

// When it is to be renewed: after 70 % of its life for the chance 0, towards 90 % for the chance 1, so that nodes that
// joined together do not renew together. A certificate of ten hours that began at 08:00, with 0.5: at 16:00.
base::WallTime renewalTime(const pki::Certificate& certificate, double chance);
// A beginning that lies ahead does not count: clocks of machines differ, and the server is the judge of that.
bool isOver(const pki::Certificate& certificate, base::WallTime now);

}  // namespace qd::agent

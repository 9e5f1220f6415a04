// Images that the host brings to this node:
//
//   POST   /images/<id>?offset=N   the next part of an archive, at most 3 MiB (2 MiB are usual) -> {"size": bytes so
//   far} POST   /images/<id>/import     hands the archive to the runtime -> {"images": [full names]}; the upload is
//   gone then DELETE /images/<id>            forgets it
//
// Errors are text, as kubelet's are.
#pragma once

#include <string>
#include <vector>

#include "cluster/apiserver/http.h"
#include "vmnodes/agent/images/image_importer.h"
#include "vmnodes/agent/images/uploads.h"

namespace qd::agent::server {

class ImageEndpoint {
public:
    ImageEndpoint(images::Uploads& uploads, images::ImageImporter& importer)
        : m_uploads(uploads), m_importer(importer) {}

    // `parts`: the path behind /images. Blocks. Thread-safe.
    apiserver::Response handle(const std::vector<std::string>& parts, const apiserver::Request& request);

private:
    apiserver::Response append(const std::string& id, const apiserver::Request& request);
    apiserver::Response import(const std::string& id);

    images::Uploads& m_uploads;
    images::ImageImporter& m_importer;
};

}  // namespace qd::agent::server

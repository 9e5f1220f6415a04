#include "tests/app/support/objects.h"

#include <QFile>
#include <boost/json.hpp>

#include "cluster/api/codec/object_codec.h"
#include "cluster/api/codec/yaml.h"

namespace qd::tests {

std::vector<std::unique_ptr<api::Object>> objectsOf(std::string_view yaml) {
    std::vector<std::unique_ptr<api::Object>> objects;
    const auto documents = api::parseYaml(yaml);
    if (!documents) qFatal("%s", documents.error().message.c_str());
    for (const api::YamlDocument& document : *documents) {
        std::vector<std::string> unknown;
        auto object = api::decodeObject(boost::json::serialize(document.tree), &unknown);
        if (!object) qFatal("line %d: %s", document.line, object.error().message.c_str());
        if (!unknown.empty()) qFatal("line %d: %s", document.line, unknown.front().c_str());
        metav1::ObjectMeta& meta = (*object)->metadata;
        if (meta.uid.empty()) meta.uid = std::string((*object)->kind()) + '/' + meta.namespace_ + '/' + meta.name;
        objects.push_back(std::move(*object));
    }
    return objects;
}

std::vector<std::unique_ptr<api::Object>> shopKinds() {
    QFile file(QStringLiteral(QD_SHOP_KINDS));
    if (!file.open(QIODevice::ReadOnly)) qFatal("%s cannot be read", QD_SHOP_KINDS);
    const QByteArray text = file.readAll();
    return objectsOf({text.constData(), static_cast<std::size_t>(text.size())});
}

}  // namespace qd::tests

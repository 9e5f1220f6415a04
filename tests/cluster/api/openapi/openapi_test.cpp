#include <QRegularExpression>
#include <QtTest>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "cluster/api/openapi/document.h"
#include "cluster/api/openapi/gnostic.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/core_v1.h"

using namespace qd;
using namespace qd::api::openapi;

namespace {

using boost::json::value;

const std::vector<std::string> kAllVerbs = {"create", "delete", "deletecollection", "get",
                                            "list",   "patch",  "update",           "watch"};

GroupVersionResources apps() {
    Resource deployments{.kind = {"apps", "v1", "Deployment"},
                         .plural = "deployments",
                         .namespaced = true,
                         .verbs = kAllVerbs,
                         .schema = &appsv1::Deployment::kDescriptor};
    deployments.subresources.push_back(
        {"status", deployments.kind, &appsv1::Deployment::kDescriptor, nullptr, {"get", "patch", "update"}});
    return {"apps", "v1", {deployments}};
}

GroupVersionResources widgets() {
    Resource resource{
        .kind = {"shop.example.com", "v1", "Widget"}, .plural = "widgets", .verbs = {"get", "list", "patch"}};
    resource.customSchema =
        boost::json::parse(
            "{\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{\"size\":{\"type\":\"integer\"}}}}}")
            .as_object();
    return {"shop.example.com", "v1", {resource}};
}

value documentOf(const OpenApi& api, std::string_view path) {
    const DocumentPtr document = api.v3(path);
    if (document == nullptr) qFatal("no document");
    return boost::json::parse(document->bytes);
}

QString text(const value& json) {
    return QString::fromStdString(boost::json::serialize(json)).replace('"', '\'');
}

const value& member(const value& document, std::string_view schema, std::string_view name) {
    return document.at("components").at("schemas").at(schema).at("properties").at(name);
}

}  // namespace

class OpenApiTest : public QObject {
    Q_OBJECT
private slots:
    void anIndexNamesEveryDocumentWithItsHash() {
        OpenApi api("v1.36.2");
        api.put(apps());
        api.put(widgets());
        const value index = boost::json::parse(api.v3Index()->bytes);
        const auto& paths = index.at("paths").as_object();
        QCOMPARE(paths.size(), std::size_t{2});
        const QString url = paths.at("apis/apps/v1").at("serverRelativeURL").as_string().c_str();
        QCOMPARE(url, "/openapi/v3/apis/apps/v1?hash=" + QString::fromStdString(api.v3("apis/apps/v1")->hash));
        QVERIFY(api.v3("apis/nothing/v1") == nullptr);
    }

    void onlyAChangedGroupVersionGetsANewHash() {
        OpenApi api("v1.36.2");
        api.put(apps());
        api.put(widgets());
        const DocumentPtr before = api.v3("apis/apps/v1");
        const std::string hash = api.v3("apis/shop.example.com/v1")->hash;
        auto changed = widgets();
        changed.resources[0].customSchema["description"] = "A thing.";
        api.put(changed);
        QVERIFY(api.v3("apis/apps/v1") == before);
        QVERIFY(api.v3("apis/shop.example.com/v1")->hash != hash);
        api.remove("shop.example.com", "v1");
        QVERIFY(api.v3("apis/shop.example.com/v1") == nullptr);
    }

    void schemasCarryWhatMergingClientsNeed() {
        OpenApi api("v1.36.2");
        api.put(apps());
        const value document = documentOf(api, "apis/apps/v1");
        const auto& deployment = document.at("components").at("schemas").at("io.k8s.api.apps.v1.Deployment");
        QCOMPARE(text(deployment.at("x-kubernetes-group-version-kind")),
                 QString("[{'group':'apps','kind':'Deployment','version':'v1'}]"));
        const auto& ports = member(document, "io.k8s.api.core.v1.Container", "ports");
        QCOMPARE(text(ports.at("x-kubernetes-list-map-keys")), QString("['containerPort','protocol']"));
        QCOMPARE(ports.at("x-kubernetes-list-type").as_string().c_str(), "map");
        QCOMPARE(ports.at("x-kubernetes-patch-merge-key").as_string().c_str(), "containerPort");
        QCOMPARE(ports.at("x-kubernetes-patch-strategy").as_string().c_str(), "merge");
        QCOMPARE(document.at("components")
                     .at("schemas")
                     .at("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector")
                     .at("x-kubernetes-map-type")
                     .as_string()
                     .c_str(),
                 "atomic");
        QCOMPARE(member(document, "io.k8s.api.core.v1.ContainerPort", "protocol").at("default").as_string().c_str(),
                 "TCP");
        QCOMPARE(text(member(document, "io.k8s.api.apps.v1.Deployment", "spec").at("allOf")),
                 QString("[{'$ref':'#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec'}]"));
        QCOMPARE(text(document.at("components").at("schemas").at("io.k8s.api.apps.v1.DeploymentSpec").at("required")),
                 QString("['selector','template']"));
    }

    void referencesLeadSomewhere() {
        OpenApi api("v1.36.2");
        api.put(apps());
        api.put(widgets());
        for (const char* path : {"apis/apps/v1", "apis/shop.example.com/v1"}) {
            const value document = documentOf(api, path);
            const auto& schemas = document.at("components").at("schemas").as_object();
            const QString all = QString::fromStdString(boost::json::serialize(document));
            QRegularExpression reference("#/components/schemas/([^\"]+)\"");
            for (auto match = reference.globalMatch(all); match.hasNext();) {
                const QString name = match.next().captured(1);
                QVERIFY2(schemas.contains(name.toStdString()), qPrintable(name));
            }
        }
    }

    void pathsSayWhatKubectlLooksFor() {
        OpenApi api("v1.36.2");
        api.put(apps());
        const value document = documentOf(api, "apis/apps/v1");
        const auto& item = document.at("paths").at("/apis/apps/v1/namespaces/{namespace}/deployments/{name}");
        const auto& patch = item.at("patch");
        QCOMPARE(text(patch.at("x-kubernetes-group-version-kind")),
                 QString("{'group':'apps','kind':'Deployment','version':'v1'}"));
        QCOMPARE(patch.at("operationId").as_string().c_str(), "patchAppsV1NamespacedDeployment");
        QStringList parameters;
        for (const auto& parameter : patch.at("parameters").as_array())
            parameters << parameter.at("name").as_string().c_str();
        QCOMPARE(parameters, (QStringList{"dryRun", "force", "fieldManager", "fieldValidation"}));
        QVERIFY(patch.at("requestBody").at("content").as_object().contains("application/apply-patch+yaml"));
        QCOMPARE(item.at("parameters").as_array().size(), std::size_t{3});
        QVERIFY(document.at("paths").as_object().contains("/apis/apps/v1/deployments"));
        QVERIFY(document.at("paths").as_object().contains(
            "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status"));
    }

    void customResourcesArePublishedWithTypeMetaAndLists() {
        OpenApi api("v1.36.2");
        api.put(widgets());
        const value document = documentOf(api, "apis/shop.example.com/v1");
        QCOMPARE(member(document, "com.example.shop.v1.Widget", "spec")
                     .at("properties")
                     .at("size")
                     .at("type")
                     .as_string()
                     .c_str(),
                 "integer");
        QVERIFY(member(document, "com.example.shop.v1.Widget", "metadata").as_object().contains("allOf"));
        QCOMPARE(text(member(document, "com.example.shop.v1.WidgetList", "items").at("items")),
                 QString("{'$ref':'#/components/schemas/com.example.shop.v1.Widget'}"));
        QVERIFY(document.at("paths").as_object().contains("/apis/shop.example.com/v1/widgets/{name}"));
    }

    void versionTwoHasAllGroupsInOneDocument() {
        OpenApi api("v1.36.2");
        api.put(apps());
        api.put(widgets());
        const value document = boost::json::parse(api.v2Json()->bytes);
        QCOMPARE(document.at("swagger").as_string().c_str(), "2.0");
        const auto& definitions = document.at("definitions").as_object();
        QVERIFY(definitions.contains("io.k8s.api.apps.v1.Deployment"));
        QVERIFY(definitions.contains("com.example.shop.v1.Widget"));
        const auto& spec = definitions.at("io.k8s.api.apps.v1.Deployment").at("properties").at("spec");
        QCOMPARE(spec.at("$ref").as_string().c_str(), "#/definitions/io.k8s.api.apps.v1.DeploymentSpec");
        QVERIFY(spec.as_object().contains("description"));
        QCOMPARE(definitions.at("io.k8s.apimachinery.pkg.api.resource.Quantity").at("type").as_string().c_str(),
                 "string");
        QVERIFY(!api.v2Protobuf()->bytes.empty());
    }

    void theOldProtobufFormIsGnostics() {
        const auto document = boost::json::parse(
            "{\"swagger\":\"2.0\",\"info\":{\"title\":\"T\"},\"definitions\":{\"D\":{\"type\":\"object\",\"x-a\":[1]}}"
            "}");
        const std::string bytes = encodeGnostic(document.as_object());
        QVERIFY(
            QByteArray::fromStdString(bytes).startsWith(QByteArray("\x0A\x03"
                                                                   "2.0"
                                                                   "\x12\x03\x0A\x01T",
                                                                   10)));
        QVERIFY(QByteArray::fromStdString(bytes).contains("\x0A\x03x-a\x12\x06\x12\x04[1]\n"));
        QVERIFY(QByteArray::fromStdString(bytes).contains(QByteArray("\xB2\x01\x08\x0A\x06object", 11)));
    }
};

QTEST_APPLESS_MAIN(OpenApiTest)
#include "openapi_test.moc"

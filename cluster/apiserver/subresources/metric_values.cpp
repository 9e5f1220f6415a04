#include "cluster/apiserver/subresources/metric_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cluster/api/kinds/kind.h"
#include "cluster/apiserver/api_server.h"
#include "cluster/apiserver/representation.h"
#include "cluster/apiserver/status.h"

namespace qd::apiserver {
namespace {

namespace json = boost::json;

const std::string kCustom = "custom.metrics.k8s.io";
const std::string kExternal = "external.metrics.k8s.io";

Error notServed() {
    Error error{Reason::NotFound, "the server could not find the requested resource"};
    error.details = base::ErrorDetails{};
    return error;
}

Error notAllowed() {
    Error error{Reason::MethodNotAllowed, "the server does not allow this method on the requested resource"};
    error.details = base::ErrorDetails{};
    return error;
}

std::optional<std::int64_t> windowSeconds(const api::MetricValue& value) {
    if (!value.window) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::seconds>(*value.window).count();
}

const api::Kind* kindOf(const std::string& group, const std::string& resource) {
    for (const api::Kind* kind : api::builtinKinds())
        if ((kind->plural == resource || kind->singular == resource) && (group.empty() || kind->group == group))
            return kind;
    return nullptr;
}

// What a URL asks for.
struct Question {
    api::CustomMetric metric;
    std::string object;  // "*" for all that the selector takes
    api::LabelSelector objects;
    std::string series;  // the selector as it was asked
};

Result<Question> questionOf(const Exchange& exchange) {
    const RequestInfo& info = exchange.info;
    const bool ofNamespace = !info.namespace_.empty() && info.resource == "metrics" && info.parts.size() == 2;
    if (info.parts.size() != 3 && !ofNamespace) return fail(notServed());
    Question question;
    const std::size_t dot = std::min(info.resource.find('.'), info.resource.size());
    question.metric.resource = info.resource.substr(0, dot);
    question.metric.group = info.resource.substr(std::min(dot + 1, info.resource.size()));
    question.metric.ns = info.namespace_;
    question.metric.name = info.subresource;
    question.object = info.name;
    if (ofNamespace) {
        question.metric.resource = "namespaces";
        question.metric.ns.clear();
        question.metric.name = info.name;
        question.object = info.namespace_;
    }
    question.series = exchange.request.query.get("metricLabelSelector");
    auto series = api::LabelSelector::parse(question.series);
    if (!series) return fail(series.error());
    question.metric.series = std::move(*series);
    auto objects = api::LabelSelector::parse(exchange.request.query.get("labelSelector"));
    if (!objects) return fail(objects.error());
    question.objects = std::move(*objects);
    return question;
}

Result<std::vector<api::ObjectMetric>> answer(const api::CustomMetricsSource& source, const Question& question) {
    if (question.object == "*") return source.ofObjects(question.metric, question.objects);
    const auto value = source.ofObject(question.metric, question.object);
    if (!value) return fail(value.error());
    return std::vector{api::ObjectMetric{question.object, *value}};
}

// As metav1.LabelSelector; null for one that takes everything.
json::value selectorDocument(const api::LabelSelector& selector) {
    using Operator = api::LabelSelector::Operator;
    if (selector.empty()) return nullptr;
    json::object labels;
    json::array expressions;
    for (const auto& requirement : selector.requirements()) {
        if (requirement.op == Operator::Equals && requirement.values.size() == 1) {
            labels[requirement.key] = requirement.values.front();
            continue;
        }
        const char* word = requirement.op == Operator::Exists         ? "Exists"
                           : requirement.op == Operator::DoesNotExist ? "DoesNotExist"
                           : requirement.op == Operator::In           ? "In"
                                                                      : "NotIn";
        json::object expression{{"key", requirement.key}, {"operator", word}};
        if (!requirement.values.empty())
            expression["values"] = json::array(requirement.values.begin(), requirement.values.end());
        expressions.push_back(std::move(expression));
    }
    json::object document;
    if (!labels.empty()) document["matchLabels"] = std::move(labels);
    if (!expressions.empty()) document["matchExpressions"] = std::move(expressions);
    return document;
}

// The adapter writes a core object's apiVersion with the slash of an empty group.
json::object describedObject(const Question& question, const std::string& name) {
    const api::Kind* kind = kindOf(question.metric.group, question.metric.resource);
    json::object described;
    described["kind"] = kind ? kind->kind : "";
    if (!question.metric.ns.empty()) described["namespace"] = question.metric.ns;
    described["name"] = name;
    described["apiVersion"] = kind ? kind->group + "/" + kind->version : "";
    return described;
}

json::object itemOf(const Question& question, const api::ObjectMetric& metric, bool old) {
    json::object item{{"describedObject", describedObject(question, metric.object)}};
    json::value selector = selectorDocument(question.metric.series);
    if (old)
        item["metricName"] = question.metric.name;
    else
        item["metric"] = json::object{{"name", question.metric.name}, {"selector", selector}};
    item["timestamp"] = api::Time(metric.value.at).toString();
    if (const auto seconds = windowSeconds(metric.value)) item[old ? "window" : "windowSeconds"] = *seconds;
    item["value"] = api::Quantity::milli(metric.value.milli).toString();
    if (old) item["selector"] = std::move(selector);
    return item;
}

Response listOf(const std::string& group, const std::string& version, const char* kind, json::array items) {
    return document(200,
                    json::object{{"kind", kind},
                                 {"apiVersion", group + "/" + version},
                                 {"metadata", json::object{}},
                                 {"items", std::move(items)}},
                    {});
}

bool isServed(const OwnGroup& group, const std::string& version) {
    const auto versions = group.versions();
    return std::ranges::find(versions, version) != versions.end();
}

}  // namespace

const std::string& CustomMetricsGroup::name() const {
    return kCustom;
}

std::vector<OwnResource> CustomMetricsGroup::resources() const {
    std::vector<OwnResource> resources;
    for (const auto& offer : m_source->offers())
        resources.push_back({.name = offer.groupResource + "/" + offer.metric,
                             .namespaced = offer.namespaced,
                             .kind = "MetricValueList",
                             .verbs = {"get"}});
    return resources;
}

Response CustomMetricsGroup::handle(const Exchange& exchange) {
    const std::string& version = exchange.info.version;
    if (!isServed(*this, version)) return errorResponse(notServed());
    if (exchange.info.verb != "get" && exchange.info.verb != "list") return errorResponse(notAllowed());
    const auto question = questionOf(exchange);
    if (!question) return errorResponse(question.error());
    const auto values = answer(*m_source, *question);
    if (!values) return errorResponse(values.error());
    json::array items;
    for (const auto& value : *values) items.push_back(itemOf(*question, value, version == "v1beta1"));
    return listOf(kCustom, version, "MetricValueList", std::move(items));
}

const std::string& ExternalMetricsGroup::name() const {
    return kExternal;
}

// One name for all: every series of every Pod is a metric here, too many to tell apart in discovery.
std::vector<OwnResource> ExternalMetricsGroup::resources() const {
    return {{.name = "externalmetrics", .namespaced = true, .kind = "ExternalMetricValueList", .verbs = {"get"}}};
}

Response ExternalMetricsGroup::handle(const Exchange& exchange) {
    const RequestInfo& info = exchange.info;
    if (!isServed(*this, info.version) || info.namespace_.empty() || info.parts.size() != 1)
        return errorResponse(notServed());
    if (info.verb != "list") return errorResponse(notAllowed());
    const auto selector = api::LabelSelector::parse(exchange.request.query.get("labelSelector"));
    if (!selector) return errorResponse(selector.error());
    const auto values = m_source->external(info.namespace_, info.resource, *selector);
    if (!values) return errorResponse(values.error());
    json::array items;
    for (const auto& one : *values) {
        json::object labels;
        for (const auto& [key, value] : one.labels) labels[key] = value;
        json::object item{{"metricName", info.resource},
                          {"metricLabels", std::move(labels)},
                          {"timestamp", api::Time(one.value.at).toString()}};
        if (const auto seconds = windowSeconds(one.value)) item["window"] = *seconds;
        item["value"] = api::Quantity::milli(one.value.milli).toString();
        items.push_back(std::move(item));
    }
    return listOf(kExternal, info.version, "ExternalMetricValueList", std::move(items));
}

}  // namespace qd::apiserver

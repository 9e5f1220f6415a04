// Source: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ and KEP-383.
#include <fmt/format.h>

#include <algorithm>

#include "cluster/api/kinds/builder.h"
#include "cluster/api/kinds/cells.h"
#include "cluster/api/kinds/common_rules.h"
#include "cluster/api/kinds/events/kinds.h"
#include "cluster/api/kinds/go_json.h"
#include "cluster/api/kinds/object_meta.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/events_v1.h"

namespace qd::api {
namespace {

using CoreEvent = corev1::Event;
using NewEvent = eventsv1::Event;

constexpr std::size_t kLongestName = 128;
constexpr std::size_t kLongestNote = 1024;

CoreEvent toCore(const NewEvent& event) {
    CoreEvent core;
    core.metadata = event.metadata;
    core.involvedObject = event.regarding;
    core.reason = event.reason;
    core.message = event.note;
    core.source = event.deprecatedSource;
    core.firstTimestamp = event.deprecatedFirstTimestamp;
    core.lastTimestamp = event.deprecatedLastTimestamp;
    core.count = event.deprecatedCount;
    core.type = event.type;
    core.eventTime = event.eventTime;
    if (event.series) {
        core.series.emplace().count = event.series->count;
        core.series->lastObservedTime = event.series->lastObservedTime;
    }
    core.action = event.action;
    core.related = event.related;
    core.reportingComponent = event.reportingController;
    core.reportingInstance = event.reportingInstance;
    return core;
}

NewEvent fromCore(const CoreEvent& core) {
    NewEvent event;
    event.metadata = core.metadata;
    event.regarding = core.involvedObject;
    event.reason = core.reason;
    event.note = core.message;
    event.deprecatedSource = core.source;
    event.deprecatedFirstTimestamp = core.firstTimestamp;
    event.deprecatedLastTimestamp = core.lastTimestamp;
    event.deprecatedCount = core.count;
    event.type = core.type;
    event.eventTime = core.eventTime;
    if (core.series) {
        event.series.emplace().count = core.series->count;
        event.series->lastObservedTime = core.series->lastObservedTime;
    }
    event.action = core.action;
    event.related = core.related;
    event.reportingController = core.reportingComponent;
    event.reportingInstance = core.reportingInstance;
    return event;
}

field::Errors shortNameErrors(const std::string& value, const char* name) {
    if (value.empty()) return {field::required(field::Path(name))};
    if (value.size() <= kLongestName) return {};
    return {field::invalid(field::Path(name), "", fmt::format("can have at most {} characters", kLongestName))};
}

// What holds under both names. `controllerField` is what the reporting controller is called there.
field::Errors commonErrors(const CoreEvent& event, const char* controllerField) {
    field::Errors errors;
    const std::string& about = event.involvedObject.namespace_;
    const std::string& ns = event.metadata.namespace_;
    const auto elsewhere = [&] { errors.push_back(field::invalid(field::Path("involvedObject.namespace"), about, "does not match event.namespace")); };
    if (event.eventTime.isZero()) {
        if (about.empty() ? !ns.empty() && ns != "default" : ns != about) elsewhere();
    } else {
        if (about.empty() && ns != "default" && ns != "kube-system") elsewhere();
        if (event.reportingComponent.empty()) errors.push_back(field::required(field::Path(controllerField)));
        field::append(errors, qualifiedErrors(field::Path(controllerField), event.reportingComponent));
        field::append(errors, shortNameErrors(event.reportingInstance, "reportingInstance"));
        field::append(errors, shortNameErrors(event.action, "action"));
        field::append(errors, shortNameErrors(event.reason, "reason"));
        if (event.message.size() > kLongestNote) errors.push_back(field::invalid(field::Path("message"), "", fmt::format("can have at most {} characters", kLongestNote)));
    }
    field::append(errors, subdomainErrors(field::Path("namespace"), ns));
    return errors;
}

field::Errors seriesErrors(const CoreEvent& event) {
    field::Errors errors;
    if (!event.series) return errors;
    if (event.series->count < 2) errors.push_back(field::invalid(field::Path("series.count"), "", "should be at least 2"));
    if (event.series->lastObservedTime.isZero()) errors.push_back(field::required(field::Path("series.lastObservedTime")));
    return errors;
}

field::Errors newEventErrors(const Object& object) {
    const CoreEvent event = toCore(as<NewEvent>(object));
    field::Errors errors = commonErrors(event, "reportingController");
    field::append(errors, validateObjectMeta(event.metadata, true, nullptr, field::Path("metadata")));
    field::append(errors, seriesErrors(event));
    if (event.eventTime.isZero()) errors.push_back(field::required(field::Path("eventTime")));
    if (event.type != "Normal" && event.type != "Warning") errors.push_back(field::invalid(field::Path("type"), "", fmt::format("has invalid value: {}", event.type)));
    const auto unset = [&](bool given, const char* name) {
        if (given) errors.push_back(field::invalid(field::Path(name), "", "needs to be unset"));
    };
    unset(!event.firstTimestamp.isZero(), "firstTimestamp");
    unset(!event.lastTimestamp.isZero(), "lastTimestamp");
    unset(event.count != 0, "count");
    unset(!event.source.component.empty() || !event.source.host.empty(), "source");
    return errors;
}

template <typename T>
void keep(field::Errors& errors, const T& now, const T& old, const char* name, const field::Shown& value) {
    if (!(now == old)) errors.push_back(immutable(field::Path(name), value));
}

template <typename TimeType>
field::Shown shownTime(const TimeType& time) {
    return time.isZero() ? field::Shown::null() : field::Shown(time.toString());
}

field::Errors newEventUpdateErrors(const Object& nowObject, const Object& oldObject) {
    const CoreEvent now = toCore(as<NewEvent>(nowObject));
    const CoreEvent old = toCore(as<NewEvent>(oldObject));
    field::Errors errors = commonErrors(now, "reportingController");
    field::append(errors, validateObjectMetaUpdate(now.metadata, old.metadata, field::Path("metadata")));
    if (!(now.series == old.series)) field::append(errors, seriesErrors(now));
    keep(errors, now.involvedObject, old.involvedObject, "involvedObject", shown(now.involvedObject));
    keep(errors, now.reason, old.reason, "reason", now.reason);
    keep(errors, now.message, old.message, "message", now.message);
    keep(errors, now.source, old.source, "source", shown(now.source));
    keep(errors, now.firstTimestamp, old.firstTimestamp, "firstTimestamp", shownTime(now.firstTimestamp));
    keep(errors, now.lastTimestamp, old.lastTimestamp, "lastTimestamp", shownTime(now.lastTimestamp));
    keep(errors, now.count, old.count, "count", now.count);
    keep(errors, now.reason, old.reason, "reason", now.reason);
    keep(errors, now.type, old.type, "type", now.type);
    keep(errors, now.eventTime, old.eventTime, "eventTime", shownTime(now.eventTime));
    keep(errors, now.action, old.action, "action", now.action);
    keep(errors, now.related, old.related, "related", shownPointer(now.related.get()));
    keep(errors, now.reportingComponent, old.reportingComponent, "reportingController", now.reportingComponent);
    keep(errors, now.reportingInstance, old.reportingInstance, "reportingInstance", now.reportingInstance);
    return errors;
}

std::map<std::string, std::string> referenceFields(const corev1::ObjectReference& about, const std::string& prefix) {
    return {{prefix + "kind", about.kind},
            {prefix + "namespace", about.namespace_},
            {prefix + "name", about.name},
            {prefix + "uid", about.uid},
            {prefix + "apiVersion", about.apiVersion},
            {prefix + "resourceVersion", about.resourceVersion},
            {prefix + "fieldPath", about.fieldPath}};
}

std::vector<Column> columns() {
    using E = CoreEvent;
    return {fieldColumn<E>("Last Seen", "string", "lastTimestamp"),
            fieldColumn<E>("Type", "string", "type"),
            fieldColumn<E>("Reason", "string", "reason"),
            fieldColumn<E>("Object", "string", "involvedObject"),
            wide(fieldColumn<corev1::ObjectReference>("Subobject", "string", "fieldPath")),
            wide(fieldColumn<E>("Source", "string", "source")),
            fieldColumn<E>("Message", "string", "message"),
            wide(fieldColumn<E>("First Seen", "string", "firstTimestamp")),
            wide(fieldColumn<E>("Count", "string", "count")),
            nameColumn(1)};
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\n\r");
    return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\n\r") - first + 1);
}

std::string sourceText(const CoreEvent& event) {
    const std::string& component = event.source.component.empty() ? event.reportingComponent : event.source.component;
    const std::string& instance = event.source.host.empty() ? event.reportingInstance : event.source.host;
    return instance.empty() ? component : component + ", " + instance;
}

std::vector<Cell> cells(const CoreEvent& event, base::WallTime now) {
    const std::string first = event.firstTimestamp.isZero() ? ageText(event.eventTime, now) : ageText(event.firstTimestamp, now);
    std::string last = event.lastTimestamp.isZero() ? first : ageText(event.lastTimestamp, now);
    std::int64_t count = event.count == 0 ? 1 : event.count;
    if (event.series) {
        last = ageText(event.series->lastObservedTime, now);
        count = event.series->count;
    }
    std::string target = event.involvedObject.kind;
    std::transform(target.begin(), target.end(), target.begin(), [](unsigned char c) { return std::tolower(c); });
    if (!event.involvedObject.name.empty()) target += "/" + event.involvedObject.name;
    return {last, event.type, event.reason, target, event.involvedObject.fieldPath, sourceText(event), trimmed(event.message), first, count, event.metadata.name};
}

}  // namespace

Kind coreEventKind() {
    Kind kind = plainKind("", "v1", "Event");
    kind.shortNames = {"ev"};
    kind.allowCreateOnUpdate = true;
    validateCreate(kind, [](const Object& object) { return commonErrors(as<CoreEvent>(object), "reportingComponent"); });
    validateUpdate(kind, [](const Object& now, const Object&) { return commonErrors(as<CoreEvent>(now), "reportingComponent"); });
    kind.selectableFieldNames = {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
                                 "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"};
    kind.selectableFields = [](const Object& object) {
        const auto& event = as<CoreEvent>(object);
        auto fields = referenceFields(event.involvedObject, "involvedObject.");
        fields["reason"] = event.reason;
        fields["reportingComponent"] = event.reportingComponent;
        fields["source"] = event.source.component.empty() ? event.reportingComponent : event.source.component;
        fields["type"] = event.type;
        return fields;
    };
    kind.columns = columns();
    kind.cells = [](const Object& object, base::WallTime now) { return cells(as<CoreEvent>(object), now); };
    return kind;
}

Kind newEventKind() {
    Kind kind = plainKind("events.k8s.io", "v1", "Event");
    kind.shortNames = {"ev"};
    kind.allowCreateOnUpdate = true;
    kind.fromStored = [](const Object& stored) -> std::unique_ptr<Object> { return std::make_unique<NewEvent>(fromCore(as<CoreEvent>(stored))); };
    kind.toStored = [](const Object& served) -> std::unique_ptr<Object> { return std::make_unique<CoreEvent>(toCore(as<NewEvent>(served))); };
    validateCreate(kind, newEventErrors);
    validateUpdate(kind, newEventUpdateErrors);
    kind.selectableFieldNames = {"regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion",
                                 "regarding.fieldPath", "reason", "reportingController", "type"};
    kind.selectableFields = [](const Object& object) {
        const auto& event = as<NewEvent>(object);
        auto fields = referenceFields(event.regarding, "regarding.");
        fields["reason"] = event.reason;
        fields["reportingController"] = event.reportingController;
        fields["type"] = event.type;
        return fields;
    };
    kind.columns = columns();
    kind.cells = [](const Object& object, base::WallTime now) { return cells(toCore(as<NewEvent>(object)), now); };
    return kind;
}

}  // namespace qd::api

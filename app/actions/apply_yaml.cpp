#include "app/actions/apply_yaml.h"

#include <algorithm>
#include <boost/json.hpp>

#include "app/models/words.h"

namespace qd::actions {

namespace json = boost::json;
using models::toQString;

namespace {

bool isServersOwn(const QString& path) {
    static const QStringList own{
        QStringLiteral("metadata.managedFields"),     QStringLiteral("metadata.resourceVersion"),
        QStringLiteral("metadata.generation"),        QStringLiteral("metadata.uid"),
        QStringLiteral("metadata.creationTimestamp"), QStringLiteral("status")};
    return own.contains(path);
}

QString shown(const json::value& value) {
    if (value.is_string()) return toQString(value.get_string());
    QString text = QString::fromStdString(json::serialize(value));
    if (text.size() > 200) text = text.left(200) + QStringLiteral("…");
    return text;
}

void compareValues(const QString& path, const json::value* before, const json::value* after,
                   QVector<FieldChange>& changes);

void compareObjects(const QString& path, const json::object& before, const json::object& after,
                    QVector<FieldChange>& changes) {
    std::vector<std::string_view> keys;
    for (const auto& member : before) keys.push_back(member.key());
    for (const auto& member : after)
        if (!before.contains(member.key())) keys.push_back(member.key());
    std::sort(keys.begin(), keys.end());
    for (const std::string_view key : keys) {
        // A key with dots, such as an annotation's, is told apart by brackets, as in Kubernetes' field paths.
        const QString name = toQString(key);
        const QString step = name.contains(u'.') || name.contains(u'/') ? QStringLiteral("[%1]").arg(name)
                             : path.isEmpty()                           ? name
                                                                        : u'.' + name;
        compareValues(path + step, before.if_contains(key), after.if_contains(key), changes);
    }
}

void compareValues(const QString& path, const json::value* before, const json::value* after,
                   QVector<FieldChange>& changes) {
    if (isServersOwn(path)) return;
    if (before && after && *before == *after) return;
    if (before && after && before->is_object() && after->is_object()) {
        compareObjects(path, before->get_object(), after->get_object(), changes);
        return;
    }
    if (before && after && before->is_array() && after->is_array()) {
        const json::array& one = before->get_array();
        const json::array& other = after->get_array();
        for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i)
            compareValues(QStringLiteral("%1[%2]").arg(path).arg(i), i < one.size() ? &one[i] : nullptr,
                          i < other.size() ? &other[i] : nullptr, changes);
        return;
    }
    changes.push_back({path, before ? shown(*before) : QString(), after ? shown(*after) : QString()});
}

std::string textAt(const json::value& value, std::string_view pointer) {
    json::error_code error;
    const json::value* found = value.find_pointer(pointer, error);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace

QVector<FieldChange> changesBetween(const json::value& before, const json::value& after) {
    QVector<FieldChange> changes;
    compareValues({}, &before, &after, changes);
    return changes;
}

ApplyPlan::ApplyPlan(bridge::ClusterSession& session, QString space, QObject* parent)
    : QObject(parent), m_session(session), m_space(space.isEmpty() ? QStringLiteral("default") : std::move(space)) {}

int ApplyPlan::count(Outcome outcome) const {
    return static_cast<int>(std::count_if(m_documents.begin(), m_documents.end(),
                                          [outcome](const DocumentPlan& plan) { return plan.outcome == outcome; }));
}

Result<void> ApplyPlan::preview(const QByteArray& text) {
    auto documents = parseYaml(std::string_view(text.constData(), static_cast<std::size_t>(text.size())));
    if (!documents) return fail(documents.error());
    if (documents->empty()) return fail(Reason::BadRequest, tr("There is no document in it.").toStdString());
    m_documents.clear();
    for (const YamlDocument& document : *documents) read(document);
    for (int i = 0; i < m_documents.size(); ++i)
        if (m_documents[i].outcome == Outcome::Asking) ask(i);
    return {};
}

void ApplyPlan::read(const YamlDocument& document) {
    DocumentPlan plan;
    plan.line = document.line;
    plan.key.resource.apiVersion = textAt(document.value, "/apiVersion");
    plan.key.resource.kind = textAt(document.value, "/kind");
    plan.key.space = textAt(document.value, "/metadata/namespace");
    plan.key.name = textAt(document.value, "/metadata/name");
    plan.json = json::serialize(document.value);
    const auto invalid = [&plan](const QString& field, const QString& problem) {
        plan.outcome = Outcome::Invalid;
        plan.field = field;
        plan.problem = problem;
    };
    //: Title of a document that does not say what it is.
    plan.title = tr("Document in line %1").arg(plan.line);
    if (!document.value.is_object())
        invalid({}, tr("It is no object: expected apiVersion, kind and metadata."));
    else if (plan.key.resource.apiVersion.empty())
        invalid(QStringLiteral("apiVersion"), tr("It is missing."));
    else if (plan.key.resource.kind.empty())
        invalid(QStringLiteral("kind"), tr("It is missing."));
    else if (plan.key.name.empty())
        invalid(QStringLiteral("metadata.name"),
                tr("It is missing. Objects with generateName cannot be applied; create them with kubectl."));
    else
        plan.title = toQString(plan.key.resource.kind + ' ' + plan.key.name);
    m_documents.push_back(std::move(plan));
}

void ApplyPlan::ask(int index) {
    const DocumentPlan& plan = m_documents[index];
    m_session.resolve(plan.key.resource.apiVersion, plan.key.resource.kind, this,
                      [this, index](const Result<bridge::Resource>& resource) {
                          if (!resource) return settle(index, resource.error(), Outcome::Invalid);
                          DocumentPlan& found = m_documents[index];
                          found.key.resource = *resource;
                          if (!resource->namespaced)
                              found.key.space.clear();
                          else if (found.key.space.empty())
                              found.key.space = m_space.toStdString();
                          const std::string where = found.key.space.empty() ? "" : found.key.space + '/';
                          found.title = toQString(resource->kind + ' ' + where + found.key.name);
                          compare(index);
                      });
}

void ApplyPlan::compare(int index) {
    m_session.get(m_documents[index].key, this, [this, index](const Result<std::string>& stored) {
        DocumentPlan& plan = m_documents[index];
        if (stored) {
            json::error_code error;
            plan.before = json::parse(*stored, error);
        } else if (stored.error().reason != Reason::NotFound) {
            return settle(index, stored.error(), Outcome::Invalid);
        }
        m_session.apply({plan.key, plan.json, true, m_force}, this, [this, index](const Result<std::string>& answer) {
            DocumentPlan& asked = m_documents[index];
            if (!answer && answer.error().reason == Reason::NotFound && !asked.before &&
                bringsNamespace(asked.key.space))
                return rehearse(index);
            if (!answer) return settle(index, answer.error(), Outcome::Invalid);
            if (!asked.before) return settle(index, Outcome::Create);
            json::error_code error;
            asked.changes = changesBetween(*asked.before, json::parse(*answer, error));
            settle(index, asked.changes.isEmpty() ? Outcome::Unchanged : Outcome::Change);
        });
    });
}

// The server cannot be asked about an object in a namespace that the same text only brings. So it is asked about the
// same object in the namespace that is always there, unless something of that name is in the way.
void ApplyPlan::rehearse(int index) {
    const DocumentPlan& plan = m_documents[index];
    bridge::ObjectKey elsewhere = plan.key;
    elsewhere.space = "default";
    json::value moved = json::parse(plan.json);
    moved.as_object()["metadata"].as_object()["namespace"] = elsewhere.space;
    m_session.get(
        elsewhere, this, [this, index, elsewhere, text = json::serialize(moved)](const Result<std::string>& there) {
            if (there) return settle(index, Outcome::Create);
            m_session.apply({elsewhere, text, true, m_force}, this, [this, index](const Result<std::string>& answer) {
                if (!answer) return settle(index, answer.error(), Outcome::Invalid);
                settle(index, Outcome::Create);
            });
        });
}

bool ApplyPlan::hasConflict() const {
    return std::any_of(m_documents.begin(), m_documents.end(), [](const DocumentPlan& plan) { return plan.conflict; });
}

bool ApplyPlan::bringsNamespace(const std::string& name) const {
    return !name.empty() && std::any_of(m_documents.begin(), m_documents.end(), [&name](const DocumentPlan& plan) {
        return plan.key.resource.kind == "Namespace" && plan.key.name == name;
    });
}

void ApplyPlan::settle(int index, const Error& error, Outcome outcome) {
    const QString field = error.causes.empty() ? QString() : toQString(error.causes.front().field);
    const QString problem = error.causes.size() == 1 && !error.causes.front().message.empty()
                                ? toQString(error.causes.front().message)
                                : toQString(error.message);
    m_documents[index].conflict = error.reason == Reason::Conflict;
    m_documents[index].problems.clear();
    if (error.causes.size() > 1)
        for (const base::Cause& cause : error.causes)
            m_documents[index].problems.push_back({toQString(cause.field), toQString(cause.message)});
    settle(index, outcome, problem, field);
}

void ApplyPlan::settle(int index, Outcome outcome, const QString& problem, const QString& field) {
    DocumentPlan& plan = m_documents[index];
    plan.outcome = outcome;
    plan.problem = problem;
    plan.field = field;
    emit changed(index);
    if (outcome != Outcome::Applied && outcome != Outcome::Failed && isReady()) emit previewed();
}

void ApplyPlan::apply() {
    m_queue.clear();
    for (int i = 0; i < m_documents.size(); ++i)
        if (m_documents[i].outcome == Outcome::Create || m_documents[i].outcome == Outcome::Change)
            m_queue.push_back(i);
    std::stable_partition(m_queue.begin(), m_queue.end(), [this](int i) {
        const std::string& kind = m_documents[i].key.resource.kind;
        return kind == "Namespace" || kind == "CustomResourceDefinition";
    });
    applyNext();
}

void ApplyPlan::applyNext() {
    if (m_queue.isEmpty()) {
        emit finished();
        return;
    }
    const int index = m_queue.takeFirst();
    const DocumentPlan& plan = m_documents[index];
    m_session.apply({plan.key, plan.json, false, m_force}, this, [this, index](const Result<std::string>& answer) {
        if (answer)
            settle(index, Outcome::Applied);
        else
            settle(index, answer.error(), Outcome::Failed);
        applyNext();
    });
}

}  // namespace qd::actions

// What the documents of a manifest would do to a cluster, and doing it.
//
// The preview asks the API server itself: each document goes there as a server-side apply in dry run, and the answer is
// compared with what is stored. Nothing is guessed on this side, and nothing changes until apply() is called.
#pragma once

#include <QObject>
#include <QVector>
#include <boost/json/value.hpp>
#include <optional>

#include "app/actions/yaml_documents.h"
#include "app/bridge/cluster_session.h"

namespace qd::actions {

struct FieldChange {
    QString path;    // "spec.template.spec.containers[0].image"
    QString before;  // empty: it was not there
    QString after;   // empty: it goes
    bool operator==(const FieldChange&) const = default;
};

// The fields that differ, in the order of the path; what the API server keeps for itself (managedFields,
// resourceVersion, generation, uid, creationTimestamp, status) is left out.
QVector<FieldChange> changesBetween(const boost::json::value& before, const boost::json::value& after);

enum class Outcome { Asking, Create, Change, Unchanged, Invalid, Applied, Failed };

struct DocumentPlan {
    int line = 1;
    bridge::ObjectKey key;
    QString title;  // "Deployment shop/web"
    std::string json;
    Outcome outcome = Outcome::Asking;
    QVector<FieldChange> changes = {};
    QString problem = {};  // what the server, or the reader of the text, says
    QString field = {};    // the field that is wrong, when it says which; the first of them
    QVector<std::pair<QString, QString>> problems = {};  // when several fields are wrong: each with what is said of it
    bool conflict = false;                               // refused because others manage fields of it
    std::optional<boost::json::value> before = std::nullopt;
};

class ApplyPlan : public QObject {
    Q_OBJECT
public:
    // `space` is the namespace of documents that name none.
    ApplyPlan(bridge::ClusterSession& session, QString space, QObject* parent = nullptr);
    // Reads the text and begins the preview. Fails when it is no YAML or has no document.
    Result<void> preview(const QByteArray& text);
    // Whether fields that other managers own are taken over; counts from the next preview on.
    void setForce(bool force) { m_force = force; }
    bool hasConflict() const;
    // Applies all documents that would create or change something: namespaces and CRDs first, then in their order.
    void apply();

    const QVector<DocumentPlan>& documents() const { return m_documents; }
    int count(Outcome outcome) const;
    // Whether every document's outcome is known.
    bool isReady() const { return count(Outcome::Asking) == 0; }

signals:
    void changed(int document);
    void previewed();
    void finished();

private:
    void read(const YamlDocument& document);
    void ask(int index);
    void compare(int index);
    void rehearse(int index);
    void applyNext();
    void settle(int index, Outcome outcome, const QString& problem = {}, const QString& field = {});
    void settle(int index, const Error& error, Outcome outcome);
    bool bringsNamespace(const std::string& name) const;

    bridge::ClusterSession& m_session;
    QString m_space;
    QVector<DocumentPlan> m_documents;
    QVector<int> m_queue;
    bool m_force = false;
};

}  // namespace qd::actions

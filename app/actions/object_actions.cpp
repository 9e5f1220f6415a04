#include "app/actions/object_actions.h"

#include <QApplication>
#include <QClipboard>
#include <QInputDialog>
#include <QMessageBox>
#include <QPushButton>
#include <QStyle>
#include <optional>

#include "app/actions/manual_job.h"
#include "app/actions/places.h"
#include "app/bridge/resources.h"
#include "app/models/build_rollout.h"
#include "app/models/object_state.h"
#include "app/models/words.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/batch_v1.h"
#include "cluster/api/types/core_v1.h"

namespace qd::actions {

using models::toQString;

namespace {

const QString kOpen = QStringLiteral("object.open");
const QString kScale = QStringLiteral("deployment.scale");
const QString kPause = QStringLiteral("deployment.pause");
const QString kResume = QStringLiteral("deployment.resume");
const QString kRestart = QStringLiteral("deployment.restart");
const QString kUndo = QStringLiteral("deployment.undo");
const QString kSuspend = QStringLiteral("job.suspend");
const QString kUnsuspend = QStringLiteral("job.resume");
const QString kRunNow = QStringLiteral("cronjob.run");
const QString kCordon = QStringLiteral("node.cordon");
const QString kUncordon = QStringLiteral("node.uncordon");
const QString kLogs = QStringLiteral("pod.logs");
const QString kShell = QStringLiteral("pod.shell");
const QString kEdit = QStringLiteral("object.edit");
const QString kEnlarge = QStringLiteral("object.enlarge");
const QString kCopy = QStringLiteral("object.copyName");
const QString kDelete = QStringLiteral("object.delete");
const QStringList kOrder{kOpen,      kScale,  kPause,    kResume, kRestart, kUndo, kRunNow, kSuspend,
                         kUnsuspend, kCordon, kUncordon, kLogs,   kShell,   kEdit, kCopy,   kDelete};

// How many Pods the object wants, for kinds that a person scales; a Deployment's ReplicaSets are the Deployment's.
std::optional<int> replicasOf(const api::Object& object) {
    if (const auto* deployment = api::objectAs<appsv1::Deployment>(object))
        return deployment->spec.replicas.value_or(1);
    if (const auto* set = api::objectAs<appsv1::StatefulSet>(object)) return set->spec.replicas.value_or(1);
    if (const auto* set = api::objectAs<corev1::ReplicationController>(object)) return set->spec.replicas.value_or(1);
    if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object); set && set->metadata.ownerReferences.empty())
        return set->spec.replicas.value_or(1);
    return std::nullopt;
}

// Whether the object is a Job or CronJob that can be told to wait, and whether it was.
std::optional<bool> suspendedOf(const api::Object& object) {
    if (const auto* cron = api::objectAs<batchv1::CronJob>(object)) return cron->spec.suspend.value_or(false);
    const auto* job = api::objectAs<batchv1::Job>(object);
    if (!job || job->status.completionTime) return std::nullopt;
    return job->spec.suspend.value_or(false);
}

}  // namespace

shell::Location locationOf(models::Inventory& inventory, std::string_view kind, const std::string& space,
                           const std::string& name) {
    if (kind == "ReplicaSet")
        if (const api::ObjectPtr set = inventory.objects(bridge::kReplicaSets).byName(space, name))
            for (const metav1::OwnerReference& owner : set->metadata.ownerReferences)
                if (owner.kind == "Deployment") return locationOf(inventory, owner.kind, space, owner.name);
    const Place* place = placeOf(kind);
    if (!place) return {};
    return {place->page, toQString(place->resource->plural), place->resource->namespaced ? toQString(space) : QString(),
            toQString(name)};
}

shell::Location locationOf(models::Inventory& inventory, const api::Object& object) {
    if (const auto* event = api::objectAs<corev1::Event>(object))
        return locationOf(inventory, event->involvedObject.kind, event->involvedObject.namespace_,
                          event->involvedObject.name);
    return locationOf(inventory, object.kind(), object.metadata.namespace_, object.metadata.name);
}

ObjectActions::ObjectActions(ActionRegistry& registry, models::Inventory& inventory, const base::Clock& clock,
                             QWidget* window)
    : QObject(window), m_registry(registry), m_inventory(inventory), m_clock(clock), m_window(window) {
    create();
    enable();
}

void ObjectActions::create() {
    //: Category of commands in the palette: those about what is chosen.
    const QString chosen = tr("Chosen object");
    const auto add = [&](const QString& id, const QString& text, const QString& icon, QKeySequence keys, bool danger,
                         std::function<void()> run) {
        QAction* action = m_registry.add({id, text, chosen, icon, std::move(keys), danger, 0}, this, std::move(run));
        m_window->addAction(action);
    };
    const auto q = [](const char* icon) { return QString::fromLatin1(icon); };
    add(kOpen, tr("Open"), q("open"), {}, false, [this] { open(); });
    add(kScale, tr("Scale…"), q("scale"), {}, false, [this] { askScale(); });
    add(kPause, tr("Pause"), q("pause"), {}, false, [this] { setPaused(true); });
    add(kResume, tr("Resume"), q("play"), {}, false, [this] { setPaused(false); });
    add(kRestart, tr("Restart"), q("restart"), {}, false, [this] { restart(); });
    //: Goes back to an earlier revision of a Deployment.
    add(kUndo, tr("Undo…"), q("undo"), {}, false, [this] { askUndo(); });
    //: Starts a Job from a CronJob at once.
    add(kRunNow, tr("Run now"), q("play"), {}, false, [this] { runNow(); });
    //: Lets a Job or CronJob wait.
    add(kSuspend, tr("Suspend"), q("pause"), {}, false, [this] { setSuspended(true); });
    add(kUnsuspend, tr("Resume"), q("play"), {}, false, [this] { setSuspended(false); });
    //: Keeps new Pods off a node.
    add(kCordon, tr("Cordon"), q("pause"), {}, false, [this] { setCordoned(true); });
    add(kUncordon, tr("Uncordon"), q("play"), {}, false, [this] { setCordoned(false); });
    add(kLogs, tr("Show logs"), q("logs"), QKeySequence(Qt::CTRL | Qt::Key_L), false, [this] { emit logsWanted(); });
    add(kShell, tr("Open shell"), q("terminal"), QKeySequence(Qt::CTRL | Qt::Key_T), false,
        [this] { emit shellWanted(); });
    add(kEdit, tr("Edit YAML"), q("edit"), QKeySequence(Qt::CTRL | Qt::Key_E), false, [this] { emit yamlWanted(); });
    //: Gives the panel with details, YAML, logs and terminal the whole page, or takes it back.
    add(kEnlarge, tr("Enlarge the panel"), q("expand"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Return), false,
        [this] { emit enlargeWanted(); });
    add(kCopy, tr("Copy name"), q("copy"), {}, false,
        [this] { QApplication::clipboard()->setText(toQString(m_object->metadata.name)); });
    add(kDelete, tr("Delete…"), q("trash"), QKeySequence(Qt::CTRL | Qt::Key_Delete), true, [this] { askDelete(); });
}

void ObjectActions::setObject(const api::ObjectPtr& object) {
    m_object = object;
    enable();
}

void ObjectActions::enable() {
    const auto* deployment = m_object ? api::objectAs<appsv1::Deployment>(*m_object) : nullptr;
    const auto* node = m_object ? api::objectAs<corev1::Node>(*m_object) : nullptr;
    const auto* pod = m_object ? api::objectAs<corev1::Pod>(*m_object) : nullptr;
    const auto allow = [this](const QString& id, bool allowed) {
        QAction* action = m_registry.find(id);
        action->setEnabled(allowed);
        action->setVisible(allowed);
    };
    allow(kOpen, m_object && !locationOf(m_inventory, *m_object).page.isEmpty());
    const bool suspendable = m_object && suspendedOf(*m_object).has_value();
    const bool suspended = suspendable && suspendedOf(*m_object).value_or(false);
    const bool restarts = m_object && (deployment || api::objectAs<appsv1::StatefulSet>(*m_object) ||
                                       api::objectAs<appsv1::DaemonSet>(*m_object));
    allow(kScale, m_object && replicasOf(*m_object));
    allow(kPause, deployment && !deployment->spec.paused);
    allow(kResume, deployment && deployment->spec.paused);
    allow(kRestart, restarts);
    allow(kUndo, deployment ? models::revisionOf(deployment->metadata) > 1 : restarts && hasEarlierRevision());
    allow(kRunNow, m_object && api::objectAs<batchv1::CronJob>(*m_object));
    allow(kSuspend, suspendable && !suspended);
    allow(kUnsuspend, suspended);
    allow(kCordon, node && !node->spec.unschedulable);
    allow(kUncordon, node && node->spec.unschedulable);
    allow(kLogs, pod != nullptr);
    allow(kShell, pod != nullptr);
    allow(kEdit, m_object != nullptr);
    allow(kEnlarge, m_object != nullptr);
    allow(kCopy, m_object != nullptr);
    allow(kDelete, m_object && !m_object->metadata.deletionTimestamp);
}

// Revisions may become known after their object was chosen.
bool ObjectActions::hasEarlierRevision() {
    const bridge::Resource* holder = revisionHolder(m_object->kind());
    if (!m_followsRevisions)
        connect(&m_inventory.objects(*holder), &models::LiveObjects::changed, this, &ObjectActions::enable);
    m_followsRevisions = true;
    return !earlierRevisions(m_inventory, *m_object).empty();
}

void ObjectActions::fill(QMenu& menu) const {
    for (const QString& id : kOrder) {
        QAction* action = m_registry.find(id);
        if (!action || !action->isEnabled()) continue;
        if (id == kLogs || id == kEdit || id == kDelete) menu.addSeparator();
        menu.addAction(action);
    }
}

bridge::ObjectKey ObjectActions::key() const {
    const api::KindName& kind = *m_object->descriptor().kind;
    return {{std::string(kind.apiVersion), std::string(kind.kind), std::string(kind.resource), kind.namespaced},
            m_object->metadata.namespace_,
            m_object->metadata.name};
}

// "Deployment shop/web"
QString ObjectActions::label() const {
    const metav1::ObjectMeta& meta = m_object->metadata;
    const std::string name = meta.namespace_.empty() ? meta.name : meta.namespace_ + '/' + meta.name;
    return toQString(m_object->kind()) + u' ' + toQString(name);
}

void ObjectActions::open() {
    const shell::Location target = locationOf(m_inventory, *m_object);
    if (!target.page.isEmpty()) emit goTo(target);
}

void ObjectActions::askScale() {
    auto* dialog = new QInputDialog(m_window);
    dialog->setObjectName(QStringLiteral("scaleDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Scale %1").arg(label()));
    dialog->setLabelText(tr("Number of Pods"));
    dialog->setInputMode(QInputDialog::IntInput);
    dialog->setIntRange(0, 100'000);
    dialog->setIntValue(replicasOf(*m_object).value_or(1));
    dialog->setOkButtonText(tr("Scale"));
    connect(dialog, &QInputDialog::intValueSelected, this, &ObjectActions::scaleTo);
    dialog->open();
}

void ObjectActions::scaleTo(int replicas) {
    m_inventory.session().scale(key(), replicas, this, [this, name = label(), replicas](const Result<void>& result) {
        if (result)
            emit done(tr("%1 scales to %n.", nullptr, replicas).arg(name), false);
        else
            emit done(tr("%1 was not scaled: %2").arg(name, toQString(result.error().message)), true);
    });
}

void ObjectActions::patch(bridge::PatchType type, const std::string& json, const QString& success) {
    m_inventory.session().patch(
        key(), type, json, this, [this, name = label(), success](const Result<std::string>& result) {
            if (result)
                emit done(success, false);
            else
                emit done(tr("%1 was not changed: %2").arg(name, toQString(result.error().message)), true);
        });
}

// What `kubectl rollout restart` does: a new annotation in the template makes a new revision.
void ObjectActions::restart() {
    const std::string now = api::Time(m_clock.now()).toString();
    patch(
        bridge::PatchType::Strategic,
        R"({"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":")" + now + R"("}}}}})",
        tr("%1 exchanges its Pods one after another.").arg(label()));
}

void ObjectActions::setPaused(bool paused) {
    patch(bridge::PatchType::Merge, paused ? R"({"spec":{"paused":true}})" : R"({"spec":{"paused":false}})",
          paused ? tr("%1 is paused: changes wait until you resume it.").arg(label()) : tr("%1 goes on.").arg(label()));
}

void ObjectActions::setSuspended(bool suspended) {
    patch(bridge::PatchType::Merge, suspended ? R"({"spec":{"suspend":true}})" : R"({"spec":{"suspend":false}})",
          suspended ? tr("%1 waits until you resume it.").arg(label()) : tr("%1 goes on.").arg(label()));
}

// As `kubectl create job --from=cronjob/...`: a Job of its template, which belongs to it.
void ObjectActions::runNow() {
    const bridge::ObjectKey cron = key();
    const std::string uid = m_object->metadata.uid;
    m_inventory.session().get(cron, this, [this, cron, uid, name = label()](const Result<std::string>& answer) {
        if (!answer) {
            emit done(tr("%1 was not started: %2").arg(name, toQString(answer.error().message)), true);
            return;
        }
        const bridge::ObjectKey job{bridge::kJobs, cron.space, manualJobName(cron.name, m_clock.now())};
        const std::optional<std::string> json = manualJob(*answer, cron, uid, job.name);
        if (!json) {
            emit done(tr("%1 was not started: its template cannot be read.").arg(name), true);
            return;
        }
        m_inventory.session().apply({job, *json}, this, [this, name, job](const Result<std::string>& made) {
            if (made)
                emit done(tr("%1 started Job %2.").arg(name, toQString(job.name)), false);
            else
                emit done(tr("%1 was not started: %2").arg(name, toQString(made.error().message)), true);
        });
    });
}

void ObjectActions::setCordoned(bool cordoned) {
    patch(bridge::PatchType::Merge,
          cordoned ? R"({"spec":{"unschedulable":true}})" : R"({"spec":{"unschedulable":false}})",
          cordoned ? tr("%1 takes no new Pods; those on it stay.").arg(label())
                   : tr("%1 takes Pods again.").arg(label()));
}

void ObjectActions::askUndo() {
    const std::vector<EarlierRevision> revisions = earlierRevisions(m_inventory, *m_object);
    QStringList choices;
    for (const EarlierRevision& revision : revisions)
        //: A revision to go back to, and the object that keeps it.
        choices << tr("revision %1 · %2").arg(revision.number).arg(toQString(revision.holder.name));
    if (choices.isEmpty()) {
        emit done(tr("%1 has no earlier revision to go back to.").arg(label()), true);
        return;
    }
    auto* dialog = new QInputDialog(m_window);
    dialog->setObjectName(QStringLiteral("undoDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Undo roll-out of %1").arg(label()));
    dialog->setLabelText(tr("Go back to"));
    dialog->setComboBoxItems(choices);
    dialog->setOkButtonText(tr("Go back"));
    connect(dialog, &QInputDialog::textValueSelected, this, [this, choices, revisions](const QString& choice) {
        const qsizetype index = choices.indexOf(choice);
        if (index >= 0) undoTo(revisions[static_cast<std::size_t>(index)]);
    });
    dialog->open();
}

void ObjectActions::undoTo(const EarlierRevision& revision) {
    m_inventory.session().get(
        revision.holder, this, [this, number = revision.number](const Result<std::string>& answer) {
            if (!answer) {
                emit done(toQString(answer.error().message), true);
                return;
            }
            const std::optional<RollbackPatch> back = rollbackPatch(*answer);
            if (!back || !m_object) {
                emit done(tr("Revision %1 cannot be read.").arg(number), true);
                return;
            }
            patch(back->type, back->json, tr("%1 goes back to revision %2.").arg(label()).arg(number));
        });
}

QString whatGoesWith(const models::Inventory& inventory, const api::Object& object) {
    Q_UNUSED(inventory)
    const std::string_view kind = object.kind();
    if (kind == "Deployment")
        return ObjectActions::tr("Its ReplicaSets and Pods go with it. Services and volumes stay.");
    if (kind == "StatefulSet") return ObjectActions::tr("Its Pods go with it. Its claims and their data stay.");
    if (kind == "CronJob") return ObjectActions::tr("Its Jobs and their Pods go with it.");
    if (kind == "Pod") {
        return object.metadata.ownerReferences.empty()
                   ? ObjectActions::tr("Nothing will make it anew: it belongs to no controller.")
                   : ObjectActions::tr("Its controller makes a new one in its place.");
    }
    if (models::ownsPods(kind)) return ObjectActions::tr("Its Pods go with it.");
    if (kind == "Service") return ObjectActions::tr("Its name and address stop answering. The Pods behind it stay.");
    if (kind == "Node")
        return ObjectActions::tr("Its Pods are removed. The machine itself stays and may register again.");
    if (kind == "Namespace") return ObjectActions::tr("Everything in it goes with it, data too.");
    if (kind == "PersistentVolumeClaim")
        return ObjectActions::tr(
            "Its data goes with it, unless its volume is to be retained. Pods that use it keep it "
            "until they end.");
    if (kind == "PersistentVolume")
        return ObjectActions::tr("A claim that has it keeps it until the claim is deleted.");
    if (kind == "ConfigMap" || kind == "Secret")
        return ObjectActions::tr("Pods that need it cannot start any more. Those that run keep what they have.");
    if (kind == "HorizontalPodAutoscaler") return ObjectActions::tr("Its target keeps the replicas that it has now.");
    if (kind == "PodDisruptionBudget") return ObjectActions::tr("Drains spare its Pods no longer.");
    if (kind == "ServiceAccount")
        return ObjectActions::tr("Its tokens end, and Pods that run as it cannot start any more.");
    return {};
}

void ObjectActions::askDelete() {
    auto* box = new QMessageBox(m_window);
    box->setObjectName(QStringLiteral("deleteDialog"));
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(tr("Delete"));
    box->setText(tr("Delete %1?").arg(label()));
    box->setInformativeText(whatGoesWith(m_inventory, *m_object));
    QPushButton* yes = box->addButton(tr("Delete"), QMessageBox::DestructiveRole);
    yes->setObjectName(QStringLiteral("deleteConfirm"));
    yes->setProperty("danger", true);
    yes->style()->unpolish(yes);  // the box has styled it already
    yes->style()->polish(yes);
    box->setDefaultButton(box->addButton(QMessageBox::Cancel));
    connect(yes, &QPushButton::clicked, this, [this, target = key(), name = label()] { remove(target, name); });
    box->open();
}

void ObjectActions::remove(const bridge::ObjectKey& target, const QString& name) {
    m_inventory.session().remove(target, this, [this, name](const Result<void>& result) {
        if (result)
            emit done(tr("%1 is being deleted.").arg(name), false);
        else
            emit done(tr("%1 was not deleted: %2").arg(name, toQString(result.error().message)), true);
    });
}

}  // namespace qd::actions

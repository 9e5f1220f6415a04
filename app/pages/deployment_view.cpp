#include "app/pages/deployment_view.h"

#include <QVBoxLayout>

#include "app/bridge/resources.h"
#include "app/models/build_rollout.h"
#include "app/models/columns.h"
#include "app/models/words.h"

namespace qd::pages {

namespace {
constexpr qsizetype kTicking = 500;  // above so many Pods ages wait for the next event
}

DeploymentView::DeploymentView(const Context& context, QWidget* parent)
    : QWidget(parent),
      m_context(context),
      m_picture(new views::RolloutView(context.theme)),
      m_bench(new Workbench(context, QStringLiteral("deployment"), bridge::kPods,
                            models::podColumns(context.inventory, true), m_picture, false, this)) {
    setObjectName(QStringLiteral("deploymentView"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_bench);
    m_bench->filter().hide();
    m_bench->table().setEmptyText(tr("This Deployment has no Pods."));
    // Its own buttons act on the Deployment whatever Pod is chosen.
    for (const char* id :
         {"deployment.scale", "deployment.pause", "deployment.resume", "deployment.restart", "deployment.undo"}) {
        QAction* shared = context.actions.find(QString::fromLatin1(id));
        auto* own = new QAction(shared->text(), this);
        own->setObjectName(QString::fromLatin1(id));
        connect(own, &QAction::triggered, this, [this, shared] {
            actOnDeployment();
            shared->trigger();
        });
        m_bench->header().addAction(*own);
    }
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &DeploymentView::refresh);
    // "Started 14 s ago" grows without an event; the picture repaints only when a word of it has changed.
    m_ages.setInterval(1000);
    connect(&m_ages, &QTimer::timeout, this, [this] {
        if (m_picture->tiles().size() <= kTicking) refresh();
    });
    for (const bridge::Resource* kind : {&bridge::kDeployments, &bridge::kReplicaSets, &bridge::kPods})
        connect(&context.inventory.objects(*kind), &models::LiveObjects::changed, this, &DeploymentView::refreshSoon);
}

void DeploymentView::setDeployment(const QString& space, const QString& name) {
    m_space = space.toStdString();
    m_name = name.toStdString();
    m_uid.clear();
    refresh();
}

void DeploymentView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
    m_ages.start();
    m_bench->takeOver();
}

void DeploymentView::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    m_ages.stop();
}

void DeploymentView::refreshSoon() {
    if (isVisible() && !m_soon.isActive()) m_soon.start();
}

void DeploymentView::actOnDeployment() {
    m_context.actions.setObject(m_context.inventory.objects(bridge::kDeployments).byName(m_space, m_name));
}

bool DeploymentView::isOurs(const api::Object& pod) const {
    const models::LiveObjects& sets = m_context.inventory.objects(bridge::kReplicaSets);
    for (const metav1::OwnerReference& owner : pod.metadata.ownerReferences) {
        const api::ObjectPtr set = sets.byUid(owner.uid);
        if (!set) continue;
        for (const metav1::OwnerReference& above : set->metadata.ownerReferences)
            if (above.uid == m_uid) return true;
    }
    return false;
}

void DeploymentView::refresh() {
    const api::ObjectPtr object = m_context.inventory.objects(bridge::kDeployments).byName(m_space, m_name);
    ObjectHeader& header = m_bench->header();
    header.setTitle(QString::fromStdString(m_name));
    if (!object) {
        header.setState(views::State::Empty, {});
        header.setHeadline(m_context.inventory.objects(bridge::kDeployments).isSynced()
                               ? tr("There is no Deployment of this name any more.")
                               : QString());
        m_picture->setModel({});
        return;
    }
    const auto* deployment = api::objectAs<appsv1::Deployment>(*object);
    std::vector<models::OwnedPods> owned;
    const std::vector<api::ObjectPtr> sets =
        m_context.inventory.objects(bridge::kReplicaSets).ownedBy(object->metadata.uid);
    std::vector<api::ObjectPtr> keep;
    for (const api::ObjectPtr& set : sets) {
        models::OwnedPods each{api::objectAs<appsv1::ReplicaSet>(*set), {}};
        for (const api::ObjectPtr& pod : m_context.inventory.objects(bridge::kPods).ownedBy(set->metadata.uid)) {
            each.pods.push_back(api::objectAs<corev1::Pod>(*pod));
            keep.push_back(pod);
        }
        owned.push_back(std::move(each));
    }
    views::RolloutModel model = models::buildRollout(*deployment, owned, m_context.clock.now());
    header.setState(model.state, model.word);
    header.setHeadline(model.headline);
    for (QAction* action : findChildren<QAction*>()) {
        const bool paused = deployment->spec.paused;
        if (action->objectName() == QStringLiteral("deployment.pause")) action->setVisible(!paused);
        if (action->objectName() == QStringLiteral("deployment.resume")) action->setVisible(paused);
        if (action->objectName() == QStringLiteral("deployment.undo")) action->setEnabled(sets.size() > 1);
    }
    m_picture->setModel(std::move(model));
    // A Pod may be heard of before its ReplicaSet, and is not known to be ours until then.
    std::set<std::string> known;
    for (const api::ObjectPtr& set : sets) known.insert(set->metadata.uid);
    const bool newSets = std::exchange(m_sets, known) != known;
    if (newSets && m_uid == object->metadata.uid) m_bench->table().proxy().refilter();
    if (m_uid != object->metadata.uid) {
        m_uid = object->metadata.uid;
        m_bench->table().proxy().setCondition([this](const api::Object& pod) { return isOurs(pod); });
        m_bench->choose(object);
    } else if (const auto shown = m_bench->inspector().object();
               shown && shown != object && shown->metadata.uid == m_uid) {
        m_bench->inspector().setObject(object);
    }
}

}  // namespace qd::pages

#include "app/models/kind_details.h"

#include <QCoreApplication>
#include <algorithm>

#include "app/bridge/resources.h"
#include "app/models/conditions.h"
#include "app/models/kind_columns.h"
#include "app/models/object_state.h"
#include "app/models/pod_summary.h"
#include "app/models/words.h"
#include "cluster/api/types/apps_v1.h"
#include "cluster/api/types/autoscaling_v2.h"
#include "cluster/api/types/batch_v1.h"
#include "cluster/api/types/policy_v1.h"
#include "cluster/api/types/rbac_v1.h"

namespace qd::models {

using base::WallTime;
using views::State;

namespace {

struct KindDetails {
    Q_DECLARE_TR_FUNCTIONS(qd::models::KindDetails)
};

constexpr std::size_t kMostPods = 40;
constexpr qsizetype kLongestValue = 400;  // of a ConfigMap's entry; the YAML tab has it whole

void addState(DetailGroup& group, const ObjectState& state) {
    if (state.word.isEmpty()) return;
    group.details.push_back({KindDetails::tr("State"), state.word, false, state.state});
    if (!state.why.isEmpty()) group.details.push_back({KindDetails::tr("Why"), state.why});
    if (!state.remedy.isEmpty()) group.details.push_back({KindDetails::tr("What to do"), state.remedy});
}

void addPods(QVector<DetailGroup>& groups, Inventory& inventory, const api::Object& object, WallTime now) {
    if (!ownsPods(object.kind())) return;
    std::vector<api::ObjectPtr> pods = inventory.objects(bridge::kPods).ownedBy(object.metadata.uid);
    std::sort(pods.begin(), pods.end(), [](const api::ObjectPtr& a, const api::ObjectPtr& b) {
        const std::string& left = a->metadata.name;
        const std::string& right = b->metadata.name;
        // db-2 before db-10.
        return left.size() != right.size() ? left.size() < right.size() : left < right;
    });
    DetailGroup group{KindDetails::tr("Pods"), {}};
    for (std::size_t i = 0; i < std::min(pods.size(), kMostPods); ++i) {
        const auto* pod = api::objectAs<corev1::Pod>(*pods[i]);
        const PodSummary summary = summarize(*pod, now);
        QString where = summary.word;
        if (!pod->spec.nodeName.empty()) where += QStringLiteral(" · ") + toQString(pod->spec.nodeName);
        group.details.push_back(
            {toQString(pod->metadata.name), where, false, summary.state, toQString("owner:Pod:" + pod->metadata.name)});
    }
    if (pods.size() > kMostPods)
        //: After the first Pods of a long list.
        group.details.push_back({KindDetails::tr("and more"), KindDetails::tr("%1 in all").arg(pods.size())});
    if (!group.details.isEmpty()) groups.push_back(group);
}

void addConditions(QVector<DetailGroup>& groups, const api::Object& object, WallTime now) {
    if (const auto* job = api::objectAs<batchv1::Job>(object)) {
        DetailGroup group = conditionsOf(job->status.conditions, "Complete", now);
        for (Detail& detail : group.details)
            if (detail.label == QStringLiteral("SuccessCriteriaMet")) detail.state = State::Ready;
        groups.push_back(group);
    }
    if (const auto* budget = api::objectAs<policyv1::PodDisruptionBudget>(object))
        groups.push_back(conditionsOf(budget->status.conditions, {}, now));
    if (const auto* autoscaler = api::objectAs<autoscalingv2::HorizontalPodAutoscaler>(object)) {
        DetailGroup group = conditionsOf(autoscaler->status.conditions, {}, now);
        // Not being held back is what one wishes.
        for (Detail& detail : group.details)
            if (detail.label == QStringLiteral("ScalingLimited"))
                detail.state = detail.state == State::Ready ? State::Starting : State::Ready;
        groups.push_back(group);
    }
    if (const auto* claim = api::objectAs<corev1::PersistentVolumeClaim>(object))
        groups.push_back(conditionsOf(claim->status.conditions, {}, now));
    if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object))
        groups.push_back(conditionsOf(set->status.conditions, "None", now));
}

void addTemplate(QVector<DetailGroup>& groups, const corev1::PodSpec& spec) {
    DetailGroup group{KindDetails::tr("Containers"), {}};
    for (const corev1::Container& container : spec.containers)
        group.details.push_back({toQString(container.name), toQString(container.image), true});
    groups.push_back(group);
}

void addTemplateOf(QVector<DetailGroup>& groups, const api::Object& object) {
    if (const auto* set = api::objectAs<appsv1::StatefulSet>(object)) addTemplate(groups, set->spec.template_.spec);
    if (const auto* set = api::objectAs<appsv1::DaemonSet>(object)) addTemplate(groups, set->spec.template_.spec);
    if (const auto* set = api::objectAs<appsv1::ReplicaSet>(object)) addTemplate(groups, set->spec.template_.spec);
    if (const auto* controller = api::objectAs<corev1::ReplicationController>(object);
        controller && controller->spec.template_)
        addTemplate(groups, controller->spec.template_->spec);
    if (const auto* job = api::objectAs<batchv1::Job>(object)) addTemplate(groups, job->spec.template_.spec);
    if (const auto* job = api::objectAs<batchv1::CronJob>(object))
        addTemplate(groups, job->spec.jobTemplate.spec.template_.spec);
}

void addData(QVector<DetailGroup>& groups, const api::Object& object) {
    DetailGroup group{KindDetails::tr("Data"), {}};
    if (const auto* map = api::objectAs<corev1::ConfigMap>(object)) {
        for (const auto& [key, value] : map->data) {
            QString text = toQString(value);
            if (text.size() > kLongestValue) text = text.left(kLongestValue) + QStringLiteral(" …");
            group.details.push_back({toQString(key), text, true});
        }
        for (const auto& [key, value] : map->binaryData)
            group.details.push_back({toQString(key), bytesText(static_cast<double>(value.data.size()))});
    }
    // What is secret is shown to nobody who looks over a shoulder.
    if (const auto* secret = api::objectAs<corev1::Secret>(object))
        for (const auto& [key, value] : secret->data)
            group.details.push_back({toQString(key), bytesText(static_cast<double>(value.data.size()))});
    if (!group.details.isEmpty()) groups.push_back(group);
}

void addQuota(QVector<DetailGroup>& groups, const corev1::ResourceQuota& quota) {
    DetailGroup group{KindDetails::tr("Used of what is allowed"), {}};
    for (const auto& [name, hard] : quota.status.hard) {
        const auto used = quota.status.used.find(name);
        const api::Quantity amount = used == quota.status.used.end() ? api::Quantity() : used->second;
        group.details.push_back(
            {toQString(name), KindDetails::tr("%1 of %2").arg(toQString(amount.toString()), toQString(hard.toString())),
             true, amount >= hard ? State::Starting : State::Empty});
    }
    if (!group.details.isEmpty()) groups.push_back(group);
}

void addLimits(QVector<DetailGroup>& groups, const corev1::LimitRange& range) {
    for (const corev1::LimitRangeItem& item : range.spec.limits) {
        //: Heading: what a LimitRange sets for each Container, Pod or PersistentVolumeClaim.
        DetailGroup group{KindDetails::tr("Each %1").arg(toQString(item.type)), {}};
        const auto add = [&group](const QString& label, const api::Map<api::Quantity>& amounts) {
            QStringList texts;
            for (const auto& [name, amount] : amounts) texts << toQString(name + ' ' + amount.toString());
            if (!texts.isEmpty()) group.details.push_back({label, texts.join(QStringLiteral(", ")), true});
        };
        add(KindDetails::tr("At least"), item.min);
        add(KindDetails::tr("At most"), item.max);
        add(KindDetails::tr("Limit if none"), item.default_);
        add(KindDetails::tr("Request if none"), item.defaultRequest);
        add(KindDetails::tr("Limit to request"), item.maxLimitRequestRatio);
        groups.push_back(group);
    }
}

QString joined(const std::vector<std::string>& values) {
    QStringList texts;
    for (const std::string& value : values) texts << toQString(value);
    return texts.join(QStringLiteral(", "));
}

void addRules(QVector<DetailGroup>& groups, const std::vector<rbacv1::PolicyRule>& rules) {
    DetailGroup group{KindDetails::tr("May"), {}};
    for (const rbacv1::PolicyRule& rule : rules) {
        QString what = joined(rule.resources.empty() ? rule.nonResourceURLs : rule.resources);
        if (!rule.resourceNames.empty()) what += QStringLiteral(" (%1)").arg(joined(rule.resourceNames));
        group.details.push_back({joined(rule.verbs), what, true});
    }
    if (!group.details.isEmpty()) groups.push_back(group);
}

void addSubjects(QVector<DetailGroup>& groups, const rbacv1::RoleRef& role,
                 const std::vector<rbacv1::Subject>& subjects) {
    DetailGroup group{KindDetails::tr("Gives"), {}};
    group.details.push_back({toQString(role.kind), toQString(role.name), true});
    groups.push_back(group);
    //: Heading: who gets a role.
    DetailGroup to{KindDetails::tr("To"), {}};
    for (const rbacv1::Subject& subject : subjects)
        to.details.push_back(
            {toQString(subject.kind),
             toQString(subject.namespace_.empty() ? subject.name : subject.namespace_ + '/' + subject.name), true});
    groups.push_back(to);
}

void addContent(QVector<DetailGroup>& groups, const api::Object& object) {
    addData(groups, object);
    if (const auto* quota = api::objectAs<corev1::ResourceQuota>(object)) addQuota(groups, *quota);
    if (const auto* range = api::objectAs<corev1::LimitRange>(object)) addLimits(groups, *range);
    if (const auto* role = api::objectAs<rbacv1::Role>(object)) addRules(groups, role->rules);
    if (const auto* role = api::objectAs<rbacv1::ClusterRole>(object)) addRules(groups, role->rules);
    if (const auto* binding = api::objectAs<rbacv1::RoleBinding>(object))
        addSubjects(groups, binding->roleRef, binding->subjects);
    if (const auto* binding = api::objectAs<rbacv1::ClusterRoleBinding>(object))
        addSubjects(groups, binding->roleRef, binding->subjects);
}

}  // namespace

void addKind(QVector<DetailGroup>& groups, Inventory& inventory, const api::Object& object, WallTime now) {
    DetailGroup group{toQString(object.kind()), {}};
    addState(group, stateOf(inventory, object, now));
    // What the groups below say in full is not said twice.
    static const QStringList said{QStringLiteral("Containers"), QStringLiteral("Images"), QStringLiteral("Data")};
    for (const auto& [title, text] : kindFacts(object, now))
        if (!said.contains(title)) group.details.push_back({title, text});
    groups.push_back(group);
    addPods(groups, inventory, object, now);
    addTemplateOf(groups, object);
    addConditions(groups, object, now);
    addContent(groups, object);
}

}  // namespace qd::models

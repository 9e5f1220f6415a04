#include "app/pages/configuration_page.h"

#include "app/bridge/resources.h"

namespace qd::pages {

ConfigurationPage::ConfigurationPage(const Context& context, QWidget* parent)
    : KindPage(
          context, QStringLiteral("configuration"), tr("Configuration"), QStringLiteral("configuration"),
          {{bridge::kConfigMaps, tr("ConfigMaps"),
            tr("No ConfigMaps here.\nA ConfigMap gives Pods files and variables that can change without a new "
               "image."),
            QStringLiteral("configmap.yaml")},
           {bridge::kSecrets, tr("Secrets"),
            tr("No Secrets here.\nA Secret is a ConfigMap for passwords, tokens and keys."),
            QStringLiteral("secret.yaml")},
           {bridge::kNamespaces, tr("Namespaces"), tr("No namespaces.")},
           {bridge::kResourceQuotas, tr("Quotas"),
            tr("No quotas here.\nA quota limits what a namespace may use in all."), QStringLiteral("quota.yaml")},
           {bridge::kLimitRanges, tr("Limit ranges"),
            tr("No limit ranges here.\nA limit range bounds what one container, Pod or claim may ask for, and gives "
               "those that say nothing a default."),
            QStringLiteral("limitrange.yaml")},
           {bridge::kPriorityClasses, tr("Priorities"),
            tr("No priority classes.\nPods of a higher priority are placed first, and push others out."),
            QStringLiteral("priority.yaml")},
           {bridge::kServiceAccounts, tr("Service accounts"), tr("No service accounts here.")},
           {bridge::kRoles, tr("Roles"), tr("No roles here.\nA role lists what may be done in its namespace.")},
           {bridge::kRoleBindings, tr("Role bindings"),
            tr("No role bindings here.\nA binding gives a role to users, groups or service accounts.")},
           {bridge::kClusterRoles, tr("Cluster roles"), tr("No cluster roles.")},
           {bridge::kClusterRoleBindings, tr("Cluster role bindings"), tr("No cluster role bindings.")},
           {bridge::kSigningRequests, tr("Signing requests"),
            tr("No signing requests.\nNodes and people ask for certificates with them.")}},
          false, parent) {}

}  // namespace qd::pages

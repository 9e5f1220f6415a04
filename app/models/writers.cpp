#include "app/models/writers.h"

#include <QCoreApplication>

#include "app/models/words.h"

namespace qd::models {

namespace {

struct Writers {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Writers)
};

// kubectl's commands name themselves "kubectl-set"; its two ways to apply say more than anybody asks for.
QString kubectlText(const QString& manager) {
    if (manager == QStringLiteral("kubectl-client-side-apply") || manager == QStringLiteral("kubectl-last-applied"))
        return QStringLiteral("kubectl apply");
    if (manager == QStringLiteral("kubectl")) return QStringLiteral("kubectl apply --server-side");
    return QString(manager).replace(u'-', u' ');
}

}  // namespace

Writer writerOf(std::string_view manager) {
    const QString name = toQString(manager);
    if (manager.starts_with("kubectl")) return {kubectlText(name), true};
    //: Who wrote an object: the reader, in this window.
    if (manager == "quarterdeck") return {Writers::tr("this window"), true};
    // What a new cluster begins with.
    if (manager == "quarterdeck-cluster") return {QStringLiteral("Quarterdeck"), false};
    //: Who wrote an object: the program on the node that runs its Pods.
    if (manager == "kubelet" || manager.starts_with("qdeck-agent")) return {Writers::tr("the node's agent"), false};
    //: Who wrote an object: the control plane's controllers.
    if (manager == "kube-controller-manager") return {Writers::tr("controllers"), false};
    if (manager == "kube-scheduler" || manager == "default-scheduler") return {Writers::tr("scheduler"), false};
    if (manager == "kube-apiserver") return {Writers::tr("API server"), false};
    if (manager.ends_with("-controller")) return {QString(name).replace(u'-', u' '), false};
    return {name, true};
}

QString writerText(const Writer& writer) {
    //: Who made a change: the reader, with a program such as kubectl set.
    return writer.person ? Writers::tr("You, with %1").arg(writer.name) : writer.name;
}

const metav1::ManagedFieldsEntry* lastWrite(const api::Object& object) {
    const metav1::ManagedFieldsEntry* newest = nullptr;
    for (const metav1::ManagedFieldsEntry& entry : object.metadata.managedFields) {
        if (!entry.subresource.empty() || !entry.time) continue;
        if (!newest || *entry.time >= *newest->time) newest = &entry;
    }
    return newest;
}

}  // namespace qd::models

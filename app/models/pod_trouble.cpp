#include "app/models/pod_trouble.h"

#include <QCoreApplication>

#include "app/models/words.h"

namespace qd::models {

namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(qd::models::PodTrouble)
};

constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
constexpr int kKilled = 137;  // 128 and SIGKILL

QString readItsLog() {
    return Words::tr("Its log says why: choose the Pod, then Logs, and tick Last run.");
}

// Without what only says through whom the message came: "Back-off pulling ...: ErrImagePull: rpc error: code = NotFound
// desc = failed to pull and unpack image ...: failed to resolve reference ...: not found".
QString withoutLayers(const QString& message) {
    QString reason = message.simplified();
    for (const QString& layer : {QStringLiteral("ErrImagePull: "), QStringLiteral(" desc = "),
                                 QStringLiteral("OCI runtime create failed: "), QStringLiteral(": failed to resolve ")})
        if (const qsizetype at = reason.indexOf(layer); at >= 0)
            reason = layer.startsWith(u':') ? reason.mid(at + 2) : reason.mid(at + layer.size());
    return reason;
}

Trouble imageTrouble(std::string_view reason, const QString& image, const QString& message) {
    if (reason == "InvalidImageName")
        return {Words::tr("%1 is no name of an image").arg(image),
                Words::tr("Correct the image in the Pod's template.")};
    if (reason == "ErrImageNeverPull")
        //: "image load" and imagePullPolicy are names.
        return {Words::tr("the image %1 is not on the node and must not be pulled").arg(image),
                Words::tr("Bring it with qdeck image load, or let imagePullPolicy be IfNotPresent.")};
    const QString why = withoutLayers(message);
    const bool known = !why.isEmpty() && !why.startsWith(QStringLiteral("Back-off"));
    const QString what = known ? Words::tr("the image %1 cannot be pulled: %2").arg(image, why)
                               : Words::tr("the image %1 cannot be pulled").arg(image);
    return {what,
            Words::tr("Look for a slip in its name or tag; a private registry needs imagePullSecrets; an image of "
                      "this machine comes by qdeck image load.")};
}

}  // namespace

bool isTrouble(std::string_view reason) {
    return reason.ends_with("BackOff") || reason.starts_with("Err") || reason.ends_with("Error") ||
           reason == "InvalidImageName";
}

Trouble endedTrouble(const std::string& container, const corev1::ContainerStateTerminated& ended) {
    const QString name = toQString(container);
    const QString code = QString::number(ended.exitCode);
    if (ended.reason == "OOMKilled")
        return {Words::tr("container %1 was killed because it used more memory than it may").arg(name),
                Words::tr("Raise its limit (resources.limits.memory), or let it use less.")};
    if (ended.reason == "StartError" || ended.reason == "ContainerCannotRun")
        return {Words::tr("container %1 could not be started: %2").arg(name, withoutLayers(toQString(ended.message))),
                Words::tr("Correct its command, or the image that should hold it.")};
    const QString what = Words::tr("container %1 ended with exit code %2").arg(name, code);
    switch (ended.exitCode) {
        case 0:
            return {what,
                    Words::tr("Its command ends by itself. A Deployment's must go on; what is to end is a Job's.")};
        case kNotExecutable:
            return {what,
                    Words::tr("Its command cannot be executed. Correct the command, or the image that holds it.")};
        case kNotFound:
            return {what,
                    Words::tr("Its command was not found. Correct the command, or the image that should hold it.")};
        case kKilled:
            return {what,
                    Words::tr("It was killed, perhaps by a liveness probe or for want of memory: see its events.")};
        default:
            return {what, readItsLog()};
    }
}

Trouble waitingTrouble(const corev1::ContainerStatus& status, const corev1::Container* spec) {
    const corev1::ContainerStateWaiting& waiting = *status.state.waiting;
    const std::string& reason = waiting.reason;
    const QString name = toQString(status.name);
    const QString message = toQString(waiting.message);
    if (reason == "CrashLoopBackOff") {
        if (!status.lastState.terminated)
            return {Words::tr("container %1 ends again and again").arg(name), readItsLog()};
        Trouble trouble = endedTrouble(status.name, *status.lastState.terminated);
        //: Added to how a container ended; it is started again and again.
        trouble.what = Words::tr("%1, %n times so far", nullptr, status.restartCount + 1).arg(trouble.what);
        return trouble;
    }
    if (reason.find("Image") != std::string::npos || reason == "RegistryUnavailable") {
        // The status names the image that a runtime knows; what could not be pulled stands in the spec.
        Trouble trouble = imageTrouble(reason, toQString(spec ? spec->image : status.image), message);
        trouble.what = Words::tr("container %1: %2").arg(name, trouble.what);
        return trouble;
    }
    const QString what = message.isEmpty() ? Words::tr("container %1 cannot start").arg(name)
                                           : Words::tr("container %1: %2").arg(name, withoutLayers(message));
    if (reason == "CreateContainerConfigError")
        return {what, Words::tr("Make what it names, or correct the reference: it starts by itself then.")};
    return {what, Words::tr("Correct the container in the Pod's template.")};
}

Trouble placeTrouble(std::string_view message) {
    // "0/2 nodes are available: 2 Insufficient cpu. preemption: ..." and what preemption found helps nobody here.
    const std::string_view reasons = message.substr(0, message.find(" preemption:"));
    const auto says = [reasons](std::string_view words) { return reasons.find(words) != reasons.npos; };
    QString remedy;
    if (says("Insufficient "))
        remedy =
            Words::tr("Ask for less (resources.requests), end other Pods, or give the cluster larger or more nodes.");
    else if (says("untolerated taint"))
        remedy = Words::tr("Take the taint from a node, or tolerate it in the Pod's template.");
    else if (says("unschedulable"))
        remedy = Words::tr("Uncordon a node on the page of nodes.");
    else if (says("node affinity/selector"))
        remedy = Words::tr("Label a node as the Pod asks, or correct its nodeSelector or affinity.");
    else if (says("affinity") || says("topology spread"))
        remedy = Words::tr("Its rules about other Pods leave no node over: loosen them, or add nodes.");
    else if (says("persistentvolumeclaim") || says("PersistentVolumeClaim") || says("volume"))
        remedy = Words::tr("Look at the claims that it names: one is absent, or no volume fits it.");
    else if (says("free ports"))
        remedy = Words::tr("Another Pod has its hostPort on every node: use a Service instead, or fewer replicas.");
    return {toQString(reasons), remedy};
}

}  // namespace qd::models

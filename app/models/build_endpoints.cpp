#include "app/models/build_endpoints.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>
#include <map>
#include <set>

#include "app/models/pod_summary.h"
#include "app/models/words.h"

namespace qd::models {

using views::EndpointsModel;
using views::EndpointTile;
using views::State;

namespace {

struct Endpoints {
    Q_DECLARE_TR_FUNCTIONS(qd::models::Endpoints)
};

using PodsByName = std::map<std::string, const corev1::Pod*, std::less<>>;

QString portText(const corev1::ServicePort& port) {
    const QString target = toQString(port.targetPort.toString());
    const bool same = target.isEmpty() || target == u'0' || target == QString::number(port.port);
    return same ? QString::number(port.port) : QStringLiteral("%1 → %2").arg(port.port).arg(target);
}

QString addressText(const corev1::Service& service) {
    QStringList ports;
    for (const corev1::ServicePort& port : service.spec.ports) ports << portText(port);
    if (service.spec.type == "ExternalName") return toQString(service.spec.externalName);
    //: In place of a Service's address: it is headless, its DNS name answers with the Pods' addresses.
    const QString address =
        service.spec.clusterIP == "None" ? Endpoints::tr("headless") : toQString(service.spec.clusterIP);
    if (ports.isEmpty()) return address;
    return QStringLiteral("%1:%2").arg(address, ports.join(QStringLiteral(", ")));
}

QString policyText(const corev1::Service& service) {
    const bool sticky = service.spec.sessionAffinity == "ClientIP";
    const bool local = service.spec.internalTrafficPolicy.value_or("") == "Local";
    //: How a Service chooses among its endpoints.
    if (local) return sticky ? Endpoints::tr("same node, one client one Pod") : Endpoints::tr("same node only");
    return sticky ? Endpoints::tr("one client, one Pod") : Endpoints::tr("any node");
}

bool isSelected(const corev1::Service& service, const corev1::Pod& pod) {
    if (service.spec.selector.empty()) return false;
    return std::all_of(service.spec.selector.begin(), service.spec.selector.end(), [&pod](const auto& wanted) {
        const auto label = pod.metadata.labels.find(wanted.first);
        return label != pod.metadata.labels.end() && label->second == wanted.second;
    });
}

QString drainingText(const corev1::Pod* pod, base::WallTime now) {
    if (!pod || !pod->metadata.deletionTimestamp) return Endpoints::tr("draining: no new connections");
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(pod->metadata.deletionTimestamp->wall() - now).count();
    return left > 0 ? Endpoints::tr("draining, %n s left", nullptr, static_cast<int>(left))
                    : Endpoints::tr("draining, its time is over");
}

EndpointTile makeTile(const discoveryv1::Endpoint& endpoint, const corev1::Pod* pod, base::WallTime now) {
    EndpointTile tile;
    tile.address = endpoint.addresses.empty() ? QString() : toQString(endpoint.addresses.front());
    tile.id = pod ? toQString(pod->metadata.uid) : QStringLiteral("address/") + tile.address;
    tile.pod = endpoint.targetRef ? toQString(endpoint.targetRef->name) : QString();
    // Unset means ready.
    tile.serving = endpoint.conditions.ready.value_or(true);
    if (endpoint.conditions.terminating.value_or(false)) {
        tile.state = State::Leaving;
        tile.why = drainingText(pod, now);
        return tile;
    }
    if (tile.serving) {
        tile.state = State::Ready;
        //: Beside an endpoint that no Pod stands behind.
        tile.why = tile.pod.isEmpty() ? Endpoints::tr("no Pod: an address given by hand") : tile.pod;
        return tile;
    }
    const PodSummary summary = pod ? summarize(*pod, now) : PodSummary{};
    tile.state = summary.state == State::Failed ? State::Failed : State::Starting;
    tile.progress = summary.progress;
    //: Beside an endpoint that gets no traffic; %1 is the Pod's state, as CrashLoopBackOff.
    tile.why = tile.state == State::Failed ? Endpoints::tr("%1: no traffic").arg(summary.word)
                                           : Endpoints::tr("not ready: no traffic");
    return tile;
}

// A Pod that the selector chooses and that no slice has.
EndpointTile missingTile(const corev1::Pod& pod, base::WallTime now) {
    const PodSummary summary = summarize(pod, now);
    EndpointTile tile;
    tile.id = toQString(pod.metadata.uid);
    tile.pod = toQString(pod.metadata.name);
    tile.state = summary.state;
    tile.progress = summary.progress;
    //: In place of an endpoint's address.
    tile.address = pod.status.podIP.empty() ? Endpoints::tr("no address yet") : toQString(pod.status.podIP);
    tile.why = summary.why;
    return tile;
}

QString nothingText(const corev1::Service& service) {
    if (service.spec.type == "ExternalName")
        return Endpoints::tr("The name stands for another one; no Pod is behind it.");
    if (service.spec.selector.empty())
        return Endpoints::tr("The Service has no selector. Traffic goes to the EndpointSlices that you write for it.");
    QStringList labels;
    for (const auto& [key, value] : service.spec.selector)
        labels << QStringLiteral("%1=%2").arg(toQString(key), toQString(value));
    return Endpoints::tr(
               "No Pod in this namespace has the labels %1, so connections to the Service fail. "
               "Give the Pods these labels, or change the Service's selector.")
        .arg(labels.join(QStringLiteral(", ")));
}

}  // namespace

EndpointsModel buildEndpoints(const corev1::Service& service,
                              const std::vector<const discoveryv1::EndpointSlice*>& slices,
                              const std::vector<const corev1::Pod*>& pods, base::WallTime now) {
    PodsByName podsByName;
    for (const corev1::Pod* pod : pods)
        if (pod->metadata.namespace_ == service.metadata.namespace_) podsByName.emplace(pod->metadata.name, pod);

    EndpointsModel model;
    model.service = toQString(service.metadata.name);
    model.address = addressText(service);
    model.policy = policyText(service);
    model.nothing = nothingText(service);
    std::map<QString, QVector<EndpointTile>> byNode;
    std::set<QString> seen;  // the same address stands in a slice for each address family and port set
    int serving = 0;
    int all = 0;
    const auto add = [&](const QString& node, EndpointTile tile) {
        if (!seen.insert(tile.id).second) return;
        ++all;
        serving += tile.serving ? 1 : 0;
        byNode[node].push_back(std::move(tile));
    };
    for (const discoveryv1::EndpointSlice* slice : slices)
        for (const discoveryv1::Endpoint& endpoint : slice->endpoints) {
            const auto pod = endpoint.targetRef ? podsByName.find(endpoint.targetRef->name) : podsByName.end();
            add(toQString(endpoint.nodeName.value_or("")),
                makeTile(endpoint, pod == podsByName.end() ? nullptr : pod->second, now));
        }
    for (const auto& [name, pod] : podsByName) {
        const bool over = pod->status.phase == "Succeeded" || pod->status.phase == "Failed";
        if (!over && isSelected(service, *pod)) add(toQString(pod->spec.nodeName), missingTile(*pod, now));
    }
    for (auto& [node, tiles] : byNode) {
        std::sort(tiles.begin(), tiles.end(), [](const EndpointTile& a, const EndpointTile& b) {
            return std::pair(!a.serving, a.address) < std::pair(!b.serving, b.address);
        });
        model.nodes.push_back({node, std::move(tiles)});
    }
    if (all > 0) model.headline = Endpoints::tr("traffic goes to %1 of %n", nullptr, all).arg(serving);
    return model;
}

}  // namespace qd::models

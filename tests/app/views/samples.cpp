#include "tests/app/views/samples.h"

namespace qd::tests {

using namespace qd::views;

namespace {

QString q(const char* text) {
    return QString::fromUtf8(text);
}

PodTile pod(const char* set, const char* suffix, State state, const char* why = "on qd-dev-1") {
    PodTile tile;
    tile.name = q(set) + u'-' + q(suffix);
    tile.id = tile.name;
    tile.shortName = q(suffix);
    tile.state = state;
    tile.progress = 0.75;
    tile.why = q(why);
    return tile;
}

}  // namespace

RolloutModel sampleRollout() {
    RolloutModel model;
    model.deployment = q("web");
    model.began = q("started 14 s ago by you, kubectl set image");
    model.headline = q("8 of 10 updated · 9 available · 11 running");
    model.word = q("Rolling out");
    model.state = State::Starting;
    model.desired = 10;
    model.available = 9;
    model.total = 11;
    model.minAvailable = 8;
    model.maxTotal = 13;
    model.places = 10;
    model.waitingFor = q("waits for web-7f6b8-z7c3r");
    RevisionBox before{
        6, q("web-59d7c"), q("web:1.4.1"), 2, 2, false, {}, q("2 leave when 2 more are available"), State::Empty};
    before.pods = {pod("web-59d7c", "x2k4d", State::Ready), pod("web-59d7c", "b7wq9", State::Ready),
                   pod("web-59d7c", "m4tzl", State::Leaving, "ends within 24 s")};
    RevisionBox now{
        7, q("web-7f6b8"), q("web:1.5.0"), 8, 7, true, {}, q("z7c3r: readiness probe, 4 s left"), State::Starting};
    for (const char* name : {"c9rfp", "h5j2n", "k8v4s", "p3d7m", "q6x9b", "t2n5g", "w4l8z"})
        now.pods.push_back(pod("web-7f6b8", name, State::Ready));
    now.pods.push_back(pod("web-7f6b8", "z7c3r", State::Starting, "container web runs, not yet ready"));
    model.boxes = {before, now};
    const char* ages[] = {"3 d", "", "", "1 d", "", "2 h", "now"};
    for (int i = 0; i < 7; ++i) model.history.push_back({i + 1, q("web:1.4.1"), q(ages[i]), i == 6});
    return model;
}

RolloutModel brokenRollout() {
    RolloutModel model = sampleRollout();
    model.state = State::Failed;
    model.word = q("ImagePullBackOff");
    model.waitingFor.clear();
    model.trouble =
        q("3 of 3 Pods: container web: the image registry.example.com/shop/web:1.5.O cannot be pulled: failed "
          "to resolve reference \"registry.example.com/shop/web:1.5.O\": not found");
    model.remedy =
        q("Look for a slip in its name or tag; a private registry needs imagePullSecrets; an image of this "
          "machine comes by qdeck image load.");
    for (PodTile& each : model.boxes.last().pods) each.state = State::Failed;
    return model;
}

RolloutModel largeRollout(int pods) {
    RolloutModel model = sampleRollout();
    model.desired = pods;
    model.available = pods - pods / 10;
    model.total = pods + pods / 20;
    model.minAvailable = pods * 3 / 4;
    model.maxTotal = pods * 5 / 4;
    for (RevisionBox& box : model.boxes) {
        box.pods.clear();
        const int count = box.current ? pods * 3 / 5 : pods * 2 / 5;
        box.desired = count;
        for (int i = 0; i < count; ++i) {
            PodTile tile = pod("web", "", box.current && i > count * 9 / 10 ? State::Starting : State::Ready);
            if (i % 97 == 41) tile.state = State::Failed;
            if (!box.current && i > count * 4 / 5) tile.state = State::Leaving;
            tile.id = QStringLiteral("%1/%2").arg(box.number).arg(i);
            box.pods.push_back(tile);
        }
    }
    return model;
}

EndpointsModel sampleEndpoints() {
    EndpointsModel model;
    model.service = q("web");
    model.address = q("10.96.12.7:80 → http");
    model.policy = q("any node, no affinity");
    model.headline = q("3 of 5 endpoints get traffic");
    const auto endpoint = [](const char* address, const char* name, State state, bool serving, const char* why) {
        return EndpointTile{q(address), q(address), q(name), state, 0.75, serving, q(why)};
    };
    model.nodes = {{q("qd-dev-1"),
                    {endpoint("10.244.0.14", "web-59d7c-b7wq9", State::Ready, true, "web-59d7c-b7wq9"),
                     endpoint("10.244.0.23", "web-7f6b8-w4l8z", State::Ready, true, "web-7f6b8-w4l8z")}},
                   {q("qd-dev-2"),
                    {endpoint("10.244.1.10", "web-59d7c-x2k4d", State::Ready, true, "web-59d7c-x2k4d"),
                     endpoint("10.244.1.19", "web-7f6b8-z7c3r", State::Starting, false, "not ready: no traffic"),
                     endpoint("10.244.1.11", "web-59d7c-m4tzl", State::Leaving, false, "draining, 8 s left")}}};
    return model;
}

EndpointsModel largeEndpoints(int endpoints) {
    EndpointsModel model = sampleEndpoints();
    model.headline = QStringLiteral("%1 of %2 endpoints get traffic").arg(endpoints - endpoints / 25).arg(endpoints);
    model.nodes.clear();
    for (int n = 0; n < 3; ++n) {
        EndpointNode node{QStringLiteral("qd-dev-%1").arg(n + 1), {}};
        for (int i = 0; i < endpoints / 3; ++i) {
            const bool serving = i % 25 != 24;
            node.endpoints.push_back({QStringLiteral("%1/%2").arg(n).arg(i),
                                      QStringLiteral("10.244.%1.%2").arg(n).arg(i), q("web"),
                                      serving ? State::Ready : State::Starting, 0.5, serving, q("web")});
        }
        model.nodes.push_back(node);
    }
    return model;
}

NodesModel sampleNodes() {
    NodesModel model;
    NodeCard first{
        q("1"), q("qd-dev-1"), State::Ready, q("v1.36.2 · 2 d"), 0.6, 0.45, q("1.2 of 2 CPU"), q("1.8 of 4 GiB"), false,
        {}};
    for (int i = 0; i < 13; ++i)
        first.pods.push_back(pod("web-7f6b8", qPrintable(QStringLiteral("a%1").arg(i)), State::Ready));
    first.pods[11].state = State::Starting;
    first.pods[12].state = State::Done;
    NodeCard second{
        q("2"), q("qd-dev-2"), State::Ready, q("v1.36.2 · 2 d"), 0.95, 0.62, q("1.9 of 2 CPU"), q("2.5 of 4 GiB"), true,
        {}};
    for (int i = 0; i < 7; ++i)
        second.pods.push_back(pod("web-59d7c", qPrintable(QStringLiteral("b%1").arg(i)), State::Ready));
    second.pods[6].state = State::Leaving;
    NodeCard third{q("3"),
                   q("qd-dev-3"),
                   State::Unknown,
                   q("not heard from for 52 s"),
                   0.2,
                   0.1,
                   q("0.4 of 2 CPU"),
                   q("0.4 of 4 GiB"),
                   false,
                   {}};
    for (int i = 0; i < 3; ++i)
        third.pods.push_back(pod("db", qPrintable(QStringLiteral("c%1").arg(i)), State::Unknown));
    model.nodes = {first, second, third};
    model.unscheduled = {pod("job", "d1", State::Starting, "no node has 4 CPU free"),
                         pod("job", "d2", State::Starting)};
    return model;
}

}  // namespace qd::tests

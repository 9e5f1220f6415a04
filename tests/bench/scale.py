"""Measures the whole control plane at scale, on hollow nodes, and prints a table and, with --plot, how each figure grows.

    a Deployment's roll-out    from its creation until all Pods are bound, and until all are Ready
                               (with the processor time that all of it took, hollow nodes included)
    scheduling                 Pods created and bound a second on many nodes: plain, with anti-affinity, spread over the nodes;
                               and how long finding a node for one took, by the scheduler's own metrics
    endpoints                  from the sending of a Pod's changed readiness until the Service's EndpointSlice says so
    idle                       processor time with the Pods in place

Everything goes over HTTPS on loopback; the figures include the creation of the Pods. KUBERNETES has what kube-apiserver, etcd,
kube-controller-manager and kube-scheduler took on a machine of the same kind, where it was measured.
"""
import argparse
import http.client
import json
import os
import pathlib
import ssl
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import Quarterdeck

LIMIT = 300  # seconds that anything may take
POD_SIZES = (500, 1000, 2500, 5000)
NODE_SIZES = (100, 1000, 5000)
SERVICE_SIZES = (10, 100, 1000)
KUBERNETES = {"bound": {5000: 26.1}}  # seconds
PODS_PER_NODE = 100  # a little less than hollow nodes take
NAMESPACE = "scale"


class Session:
    """One kept connection to a server."""

    def __init__(self, server):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # loopback, and our own child
        context.load_cert_chain(*server.credentials())
        self.connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=LIMIT)

    def send(self, verb, path, body=None, media="application/json"):
        self.connection.request(verb, path, json.dumps(body) if body is not None else None, {"Content-Type": media})
        return self.connection.getresponse()

    def request(self, verb, path, body=None, media="application/json"):
        answer = self.send(verb, path, body, media)
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{verb} {path}: {text.decode()}")
        return json.loads(text)


def deployment(name, replicas, extra=None):
    pod = {"containers": [{"name": "c", "image": "registry.example/app:1", "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}]} | (extra or {})
    labels = {"app": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}}


def service(name):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": [{"port": 80}]}}


def anti_affinity(name):
    term = {"labelSelector": {"matchLabels": {"app": name}}, "topologyKey": "kubernetes.io/hostname"}
    return {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]}}}


def spread(name):
    return {"topologySpreadConstraints": [{"maxSkew": 5, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "DoNotSchedule",
                                           "labelSelector": {"matchLabels": {"app": name}}}]}


def wait(what, holds, every=0.02):
    begin = time.monotonic()
    while not holds():
        if time.monotonic() - begin > LIMIT:
            raise RuntimeError(f"{what}: not within {LIMIT} s")
        time.sleep(every)


class Cluster:
    """A control plane with so many hollow nodes, all registered and Ready."""

    def __init__(self, qdeck, nodes):
        self.folder = tempfile.TemporaryDirectory(prefix="qd-scale-")
        self.server = Quarterdeck(qdeck, pathlib.Path(self.folder.name), "whole", "*", nodes)
        self.server.start()
        self.session = Session(self.server)
        self.session.request("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        wait("nodes", lambda: self.ready_nodes() == nodes, 0.2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.connection.close()
        self.server.stop()
        self.folder.cleanup()

    def ready_nodes(self):
        nodes = self.session.request("GET", "/api/v1/nodes")["items"]
        return sum(any(c["type"] == "Ready" and c["status"] == "True" for c in n["status"].get("conditions", [])) and not n["spec"].get("taints") for n in nodes)

    def path(self, resource, group="/api/v1"):
        return f"{group}/namespaces/{NAMESPACE}/{resource}"

    def unbound(self, name):
        """Whether Pods of the Deployment are not there or have no node yet."""
        status = self.session.request("GET", self.path(f"deployments/{name}", "/apis/apps/v1")).get("status", {})
        if status.get("replicas", 0) < self.wanted:
            return True
        return bool(self.session.request("GET", self.path(f"pods?limit=1&labelSelector=app%3D{name}&fieldSelector=spec.nodeName%3D"))["items"])

    def roll_out(self, name, replicas, extra=None):
        """Seconds until all are bound, and until all are Ready."""
        self.wanted = replicas
        begin = time.monotonic()
        self.session.request("POST", self.path("deployments", "/apis/apps/v1"), deployment(name, replicas, extra))
        wait(f"{name} bound", lambda: not self.unbound(name), 0.05)
        bound = time.monotonic() - begin
        wait(f"{name} ready", lambda: self.session.request("GET", self.path(f"deployments/{name}", "/apis/apps/v1"))["status"].get("readyReplicas", 0) >= replicas, 0.05)
        return bound, time.monotonic() - begin

    def searches(self):
        """How many times the scheduler has looked for a node, and the seconds that it took in all."""
        answer = self.session.send("GET", "/metrics/scheduler")
        lines = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line and not line.startswith("#"))
        name = "scheduler_scheduling_algorithm_duration_seconds_"
        return float(lines[name + "count"]), float(lines[name + "sum"])

    def search_time(self, work):
        """What the work answers, and the microseconds of one search meanwhile."""
        before = self.searches()
        result = work()
        after = self.searches()
        return result, (after[1] - before[1]) / max(1, after[0] - before[0]) * 1e6

    def idle(self, seconds):
        time.sleep(5)  # what follows a roll-out has its time
        before, begin = self.server.cpu(), time.monotonic()
        time.sleep(seconds)
        return (self.server.cpu() - before) / (time.monotonic() - begin) * 100


class HandMadeNode:
    """A node that nobody runs, so that nobody but this program says whether its Pods are ready."""

    NAME = "bench-by-hand"

    def __init__(self, cluster):
        self.cluster = cluster
        cluster.session.request("POST", "/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.NAME}, "spec": {"unschedulable": True}})
        cluster.session.request("PATCH", f"/api/v1/nodes/{self.NAME}/status", {"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "Bench"}]}},
                                "application/strategic-merge-patch+json")
        self.leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        cluster.session.request("POST", self.leases, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": self.NAME}, "spec": self.renewed()})

    @staticmethod
    def renewed():
        return {"holderIdentity": HandMadeNode.NAME, "leaseDurationSeconds": 40, "renewTime": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())}

    def renew(self):
        self.cluster.session.request("PATCH", f"{self.leases}/{self.NAME}", {"spec": self.renewed()}, "application/merge-patch+json")

    def pod(self, name, number):
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{name}-by-hand", "labels": {"app": name}},
                "spec": {"nodeName": self.NAME, "containers": [{"name": "c", "image": "registry.example/app:1"}]}}
        self.cluster.session.request("POST", self.cluster.path("pods"), body)
        address = f"10.250.{number // 250}.{number % 250 + 1}"
        self.report(body["metadata"]["name"], {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [self.condition(True)]})
        return body["metadata"]["name"]

    @staticmethod
    def condition(ready):
        return {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}

    def report(self, pod, status):
        self.cluster.session.request("PATCH", self.cluster.path(f"pods/{pod}/status"), {"status": status}, "application/strategic-merge-patch+json")


def slice_says(line, pod, ready):
    event = json.loads(line)
    return any(e.get("targetRef", {}).get("name") == pod and e["conditions"].get("ready") is ready for e in event["object"].get("endpoints") or [])


def flip(node, name, pod):
    """Milliseconds from the sending of one Pod's changed readiness until the slice of its Service says so: unready, and ready again."""
    cluster, watching = node.cluster, Session(node.cluster.server)
    answer = watching.send("GET", cluster.path(f"endpointslices?watch=1&labelSelector=kubernetes.io%2Fservice-name%3D{name}", "/apis/discovery.k8s.io/v1"))
    arrivals = {True: [], False: []}
    seen = threading.Semaphore(0)

    def follow():
        for line in answer:
            now = time.monotonic()
            for ready in (True, False):
                if slice_says(line, pod, ready):
                    arrivals[ready].append(now)
                    seen.release()

    threading.Thread(target=follow, daemon=True).start()
    times = []
    if not seen.acquire(timeout=30):
        raise RuntimeError(f"the EndpointSlice of {name} does not know {pod}")
    for ready in (False, True):
        arrivals[ready].clear()
        begin = time.monotonic()
        node.report(pod, {"conditions": [node.condition(ready)]})
        while not arrivals[ready]:
            if not seen.acquire(timeout=30):
                raise RuntimeError(f"the EndpointSlice of {name} did not follow its Pod within 30 s")
        times.append((arrivals[ready][0] - begin) * 1000)
    watching.connection.sock.close()
    return times


def endpoint_times(cluster, services, flips):
    for n in range(services):
        cluster.session.request("POST", cluster.path("services"), service(f"svc-{n}"))
        cluster.session.request("POST", cluster.path("deployments", "/apis/apps/v1"), deployment(f"svc-{n}", 9))
    path = cluster.path("deployments", "/apis/apps/v1")
    wait("services", lambda: all(d.get("status", {}).get("readyReplicas", 0) == 9 for d in cluster.session.request("GET", path)["items"]), 0.5)
    node = HandMadeNode(cluster)
    measured = [f"svc-{n * services // flips}" for n in range(flips)] if services >= flips else [f"svc-{n}" for n in range(services)]
    pods = {name: node.pod(name, number) for number, name in enumerate(measured)}
    time.sleep(2)  # the last slices are written
    times = []
    for name, pod in pods.items():
        node.renew()
        times += flip(node, name, pod)
    return times


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(arguments):
    figures = {key: {} for key, *_ in ROWS}
    for pods in arguments.pods:
        print(f"a Deployment of {pods:,} Pods on 100 nodes", file=sys.stderr)
        with Cluster(arguments.qdeck, 100) as cluster:
            cpu = cluster.server.cpu()
            figures["bound"][pods], figures["ready"][pods] = cluster.roll_out("web", pods)
            figures["cpu"][pods] = (cluster.server.cpu() - cpu) / pods * 1000
            figures["idle"][pods] = cluster.idle(arguments.idle)
    for nodes in arguments.nodes:
        print(f"scheduling on {nodes:,} nodes", file=sys.stderr)
        with Cluster(arguments.qdeck, nodes) as cluster:
            pods = min(arguments.scheduled, nodes * PODS_PER_NODE // 3)
            for kind, extra in (("plain", None), ("affinity", anti_affinity("affinity")), ("spread", spread("spread"))):
                times, search = cluster.search_time(lambda: cluster.roll_out(kind, pods, extra))
                figures[kind][nodes], figures[kind + "_search"][nodes] = pods / times[0], search
    for services in arguments.services:
        print(f"{services:,} Services of 10 Pods", file=sys.stderr)
        with Cluster(arguments.qdeck, 100) as cluster:
            times = endpoint_times(cluster, services, arguments.flips)
            figures["slice_p50"][services], figures["slice_p99"][services] = statistics.median(times), quantile(times, 0.99)
    return figures


# key, what the table says, what grows, unit, digits
ROWS = [
    ("bound", "a Deployment on 100 nodes, until all Pods are bound", "Pods", "s", 2),
    ("ready", "the same, until all are Ready", "Pods", "s", 2),
    ("cpu", "processor time of all of it, for each Pod", "Pods", "ms", 2),
    ("idle", "processor of one core when nothing happens", "Pods", "%", 2),
    ("plain", "Pods created and bound a second", "nodes", "/s", 0),
    ("affinity", "the same, each preferring to be away from the others", "nodes", "/s", 0),
    ("spread", "the same, spread over the nodes", "nodes", "/s", 0),
    ("plain_search", "to find a node for one Pod", "nodes", "µs", 0),
    ("affinity_search", "the same, each preferring to be away from the others", "nodes", "µs", 0),
    ("spread_search", "the same, spread over the nodes", "nodes", "µs", 0),
    ("slice_p50", "changed readiness to EndpointSlice, median", "Services", "ms", 1),
    ("slice_p99", "changed readiness to EndpointSlice, 99th percentile", "Services", "ms", 1),
]


def table(figures):
    lines = ["| | | quarterdeck | Kubernetes |", "|---|---|---|---|"]
    for key, label, over, unit, digits in ROWS:
        for size, value in figures[key].items():
            real = KUBERNETES.get(key, {}).get(size)
            lines.append(f"| {label} | {size:,} {over} | {value:,.{digits}f} {unit} | {f'{real:,} {unit}' if real else ''} |".replace(" /s", "/s"))
    return "\n".join(lines)


def plot(figures, file):
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "quarterdeck"}
    from matplotlib import pyplot
    charts = [("bound", "ready"), ("plain", "affinity", "spread"), ("plain_search", "affinity_search", "spread_search"), ("slice_p50", "slice_p99"),
              ("cpu", "idle")]
    rows = {key: (label, over, unit) for key, label, over, unit, _ in ROWS}
    figure, axes = pyplot.subplots(1, len(charts), figsize=(18, 3.6), layout="constrained")
    for axis, keys in zip(axes, charts):
        for key in keys:
            axis.plot(list(figures[key]), list(figures[key].values()), marker="o", label=f"{key.replace('_', ', ')} ({rows[key][2].strip()})")
        _, over, _ = rows[keys[0]]
        axis.set(xlabel=over, ylim=(0, None), title=rows[keys[0]][0])
        axis.title.set_fontsize(8)
        axis.legend(fontsize=8)
    figure.savefig(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qdeck", required=True)
    sizes = {"type": int, "nargs": "*"}
    parser.add_argument("--pods", default=POD_SIZES, **sizes)
    parser.add_argument("--nodes", default=NODE_SIZES, **sizes)
    parser.add_argument("--services", default=SERVICE_SIZES, **sizes)
    parser.add_argument("--scheduled", type=int, default=5000, help="Pods of each measurement of scheduling, fewer where the nodes take fewer")
    parser.add_argument("--flips", type=int, default=100, help="Pods whose readiness changes, one after another")
    parser.add_argument("--idle", type=int, default=20, help="seconds")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--plot", type=pathlib.Path, help="an SVG or PNG file; needs matplotlib")
    arguments = parser.parse_args()
    figures = measure(arguments)
    print(table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    if arguments.plot:
        plot(figures, arguments.plot)


if __name__ == "__main__":
    main()

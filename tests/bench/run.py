"""Measures the API server, beside the real one where there is one, and prints a table and, with --json, all figures.

Both servers run at the same time; each step is measured on one and then on the other, so that a machine whose speed drifts
changes the figures but not their ratio. Figures are medians over the rounds, a ratio is the median of the rounds' ratios.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from servers import Quarterdeck, Reference

OBJECTS = 10_000
WATCHERS = 200

# key, what the table says, unit, digits
ROWS = [
    ("start_fresh", "process start to /readyz, new store", "s", 3),
    ("start_existing", f"process start to /readyz, store with {OBJECTS:,} Pods and as many ConfigMaps", "s", 3),
    ("memory_idle", "resident memory, idle", "MB", 0),
    ("memory_full", f"resident memory with {OBJECTS:,} Pods", "MB", 0),
    ("cpu_idle", "processor, idle", "% of one core", 2),
    *[row for n in (1, 8, 32) for row in ((f"create_{n}", f"Pod creates, {n} client{'s' * (n > 1)}", "/s", 0), (f"create_cpu_{n}", "server processor time for each", "ms", 3))],
    *[row for n in (1, 8, 32) for row in ((f"get_{n}", f"Pod GETs, {n} client{'s' * (n > 1)}", "/s", 0), (f"get_cpu_{n}", "server processor time for each", "ms", 3))],
    ("list_pods", f"LIST of {OBJECTS:,} Pods", "ms", 1),
    ("list_configmaps", f"LIST of {OBJECTS:,} ConfigMaps", "ms", 1),
    ("watch_p50", f"write to arrival at {WATCHERS} watchers, median", "ms", 2),
    ("watch_p99", f"write to arrival at {WATCHERS} watchers, 99th percentile", "ms", 2),
]
WHOLE_ROWS = [
    ("start_fresh", "process start to /readyz, new store", "s", 3),
    ("memory_idle", "resident memory, idle", "MB", 0),
    ("cpu_idle", "processor, idle", "% of one core", 2),
    ("deployment_ready", "a Deployment of 100 Pods, from its creation to all of them available", "s", 2),
]


def bench(program, server, *words):
    done = subprocess.run([program, server.kubeconfig(), *map(str, words)], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{server.name}, {' '.join(map(str, words))}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def idle(server, seconds):
    time.sleep(2)
    before, begin = server.cpu(), time.monotonic()
    time.sleep(seconds)
    return {"memory_idle": server.memory(), "cpu_idle": (server.cpu() - before) / (time.monotonic() - begin) * 100}


def timed(program, server, *words):
    before = server.cpu()
    result = bench(program, server, *words)
    return result, (server.cpu() - before) / result["count"] * 1000


def steps(program, seconds):
    """Each takes a server and gives some figures."""
    def create(n):
        def step(server):
            result, cpu = timed(program, server, "create-pods", n, seconds)
            return {f"create_{n}": result["per_second"], f"create_cpu_{n}": cpu, "pods": result["count"]}
        return step

    def get(n):
        def step(server):
            result, cpu = timed(program, server, "get", n, seconds)
            return {f"get_{n}": result["per_second"], f"get_cpu_{n}": cpu}
        return step

    def watch(server):
        result = bench(program, server, "watch", WATCHERS, 100)
        return {"watch_p50": result["p50_ms"], "watch_p99": result["p99_ms"]}

    yield lambda server: idle(server, 10)
    for n in (1, 8, 32):
        yield create(n)
    for n in (1, 8, 32):
        yield get(n)
    yield watch


def full(program, server, pods):
    bench(program, server, "fill", "pods", OBJECTS - pods)
    figures = {"memory_full": server.memory(), "list_pods": bench(program, server, "list", "pods", 11)["p50_ms"]}
    bench(program, server, "fill", "configmaps", OBJECTS)
    return figures | {"list_configmaps": bench(program, server, "list", "configmaps", 11)["p50_ms"]}


def one_round(arguments, folder):
    ours = Quarterdeck(arguments.qdeck, folder)
    figures = {ours.name: {"start_fresh": ours.start()}}
    servers = [ours]
    if arguments.reference:
        real = Reference(arguments.reference, folder, ours)
        figures[real.name] = {"start_fresh": real.start()}
        servers.append(real)
    try:
        for server in servers:
            bench(arguments.api_bench, server, "prepare")
        for step in steps(arguments.api_bench, arguments.seconds):
            for server in servers:
                for key, value in step(server).items():
                    figures[server.name][key] = figures[server.name].get(key, 0) + value if key == "pods" else value
        for server in servers:
            figures[server.name] |= full(arguments.api_bench, server, figures[server.name]["pods"])
        for server in servers:
            server.stop()
            figures[server.name]["start_existing"] = server.start()
    finally:
        for server in servers:
            server.stop()
    return figures


def whole_control_plane(arguments, folder):
    """With controllers, scheduler and five nodes that only say that they run Pods."""
    server = Quarterdeck(arguments.qdeck, folder, "whole", "*", 5)
    figures = {"start_fresh": server.start()}
    try:
        figures |= idle(server, 10)
        path = "/apis/apps/v1/namespaces/default/deployments"
        pod = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "registry.example/app:1"}]}}
        begin = time.monotonic()
        status, body = server.request("POST", path, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
                                                     "spec": {"replicas": 100, "selector": {"matchLabels": {"app": "web"}}, "template": pod}})
        if status != 201:
            raise RuntimeError(body)
        while json.loads(server.request("GET", f"{path}/web")[1])["status"].get("availableReplicas", 0) < 100:
            if time.monotonic() - begin > 60:
                raise RuntimeError("the Deployment did not become available within a minute")
            time.sleep(0.01)
        figures["deployment_ready"] = time.monotonic() - begin
    finally:
        server.stop()
    return figures


def machine():
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    memory = int(open("/proc/meminfo").readline().split()[1]) / 1024 / 1024
    return {"processors": len(os.sched_getaffinity(0)), "model": names[0] if names else platform.machine(), "memory_gib": round(memory), "load": os.getloadavg()[0]}


def medians(rounds):
    return {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}


def table(rows, columns, ratios=None):
    names = list(columns)
    lines = ["| | " + " | ".join(names) + (" | ratio" if ratios else "") + " |", "|---" * (1 + len(names) + bool(ratios)) + "|"]
    for key, label, unit, digits in rows:
        cells = [f"{columns[name][key]:,.{digits}f} {unit}".replace(" /s", "/s") for name in names]
        lines.append(f"| {label} | " + " | ".join(cells + ([f"{ratios[key]:.2f}"] if ratios else [])) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qdeck", required=True)
    parser.add_argument("--api-bench", required=True)
    parser.add_argument("--reference", help="a folder with kube-apiserver and etcd")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each load")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    rounds, wholes = [], []
    before = machine()
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="qd-bench-") as folder:
            rounds.append(one_round(arguments, pathlib.Path(folder)))
            wholes.append(whole_control_plane(arguments, pathlib.Path(folder)))
    names = list(rounds[0])
    columns = {name: medians([r[name] for r in rounds]) for name in names}
    ratios = None
    if len(names) == 2:
        ratios = {key: statistics.median(r[names[0]][key] / r[names[1]][key] for r in rounds) for key, *_ in ROWS}
    print(f"{before['processors']} processors ({before['model']}), {before['memory_gib']} GiB; {before['load']:.1f} others running at the start\n")
    print(table(ROWS, columns, ratios) + "\n")
    print(table(WHOLE_ROWS, {"quarterdeck with controllers, scheduler and 5 hollow nodes": medians(wholes)}))
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": before, "rounds": rounds, "whole": wholes, "ratios": ratios}, indent=1) + "\n")


if __name__ == "__main__":
    main()

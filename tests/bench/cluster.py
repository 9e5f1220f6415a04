"""Measures how long the creation of a cluster takes, step by step, beside the bare node image's boot to containerd.

Runs inside in_private_libvirt. In each round the image is booted alone and then a cluster is created and deleted, so that the
ratio holds on a machine whose speed drifts.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

LIMIT = 600  # seconds


def run(words, environment=None):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=LIMIT, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


def one_round(arguments, image):
    figures = {"bare image to containerd": float(run([arguments.boot_bench, image, LIMIT]))}
    with tempfile.TemporaryDirectory(prefix="qd-bench-") as folder:
        environment = os.environ | {"XDG_DATA_HOME": f"{folder}/data", "XDG_STATE_HOME": f"{folder}/state", "KUBECONFIG": f"{folder}/config"}
        begin = time.monotonic()
        try:
            view = json.loads(run([arguments.qdeck, "create", "bench", "--nodes", arguments.nodes, "--output", "json"], environment))
            figures["whole creation"] = time.monotonic() - begin
            for step in view["steps"]:
                figures[f"{step['title']} ({step['id']})"] = step["seconds"]
        finally:
            subprocess.run([arguments.qdeck, "delete", "bench"], env=environment, timeout=LIMIT, capture_output=True)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--qdeck", required=True, type=pathlib.Path)
    parser.add_argument("--boot-bench", required=True, type=pathlib.Path)
    parser.add_argument("--image-build", required=True, type=pathlib.Path)
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    image = run([arguments.image_build]).strip().splitlines()[-1]
    rounds = [one_round(arguments, image) for _ in range(arguments.rounds)]
    bare, whole = "bare image to containerd", "whole creation"
    print(f"creation of a cluster of {arguments.nodes} nodes, medians of {arguments.rounds} rounds\n\n| | |\n|---|---|")
    for key in rounds[0]:
        print(f"| {key} | {statistics.median(r[key] for r in rounds):.1f} s |")
    print(f"| {whole} / {bare} | {statistics.median(r[whole] / r[bare] for r in rounds):.2f} |")


if __name__ == "__main__":
    main()

"""Servers that the benchmarks run against: ours, and the real API server with its etcd. All on loopback."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import time

START_WITHIN = 60  # seconds


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory")


class Server:
    """One or more processes that together are an API server, with a folder of their own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.processes = []

    def commands(self):
        raise NotImplementedError

    def start(self):
        """Seconds from the first process's start to the first good answer of /readyz."""
        log = open(self.folder / f"{self.name}.log", "ab")
        begin = time.monotonic()
        self.processes = [subprocess.Popen(c, stdout=log, stderr=log) for c in self.commands()]
        while time.monotonic() - begin < START_WITHIN:
            if any(p.poll() is not None for p in self.processes):
                raise RuntimeError(f"{self.name} ended; see {log.name}")
            try:
                if self.request("GET", "/readyz")[0] == 200:
                    took = time.monotonic() - begin
                    while not self.kubeconfig().exists() or not self.kubeconfig().read_text():
                        time.sleep(0.001)
                    return took
            except OSError:
                pass
            time.sleep(0.001)
        raise RuntimeError(f"{self.name} was not ready within {START_WITHIN} s; see {log.name}")

    def stop(self):
        for p in reversed(self.processes):
            p.terminate()
            p.wait(30)
        self.processes = []

    def cpu(self):
        return sum(cpu_seconds(p.pid) for p in self.processes)

    def memory(self):
        return sum(resident_mb(p.pid) for p in self.processes)

    def kubeconfig(self):
        raise NotImplementedError

    def credentials(self):
        """Certificate and key files of a cluster's administrator; None while there are none yet."""
        raise NotImplementedError

    def request(self, verb, path, body=None):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # loopback, and our own child
        if self.credentials():
            context.load_cert_chain(*self.credentials())
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        try:
            connection.request(verb, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (http.client.HTTPException, ssl.SSLError) as e:
            raise OSError(str(e)) from e
        finally:
            connection.close()


class Quarterdeck(Server):
    def __init__(self, qdeck, folder, name="quarterdeck", controllers="none", nodes=0):
        super().__init__(folder)
        self.name, self.qdeck, self.controllers, self.nodes = name, qdeck, controllers, nodes

    def kubeconfig(self):
        return self.folder / f"{self.name}.kubeconfig"

    def credentials(self):
        pki = self.folder / self.name / "pki"
        return (pki / "admin.crt", pki / "admin.key") if (pki / "admin.key").exists() and (pki / "admin.crt").exists() else None

    def commands(self):
        return [[self.qdeck, "control-plane", "--data-dir", self.folder / self.name, "--port", str(self.port), "--kubeconfig", self.kubeconfig(),
                 "--controllers", self.controllers, "--hollow-nodes", str(self.nodes), "--service-cidr", "10.96.0.0/16",
                 *(["--no-scheduler"] if self.controllers == "none" else [])]]


class Reference(Server):
    """kube-apiserver and etcd, with the certificates and keys that a Quarterdeck server made."""

    name = "kube-apiserver"

    def __init__(self, programs, folder, ours):
        super().__init__(folder)
        self.programs, self.pki, self.etcd_port = pathlib.Path(programs), self.folder / "reference-pki", free_port()
        shutil.copytree(ours.folder / ours.name / "pki", self.pki)
        self.kubeconfig().write_text(ours.kubeconfig().read_text().replace(f":{ours.port}", f":{self.port}"))
        # It verifies tokens by a public key, or by a private one in the older form that names its algorithm.
        self.public_key = folder / "sa.pub"
        subprocess.run(["openssl", "pkey", "-in", self.pki / "sa.key", "-pubout", "-out", self.public_key], check=True)

    def kubeconfig(self):
        return self.folder / "reference.kubeconfig"

    def credentials(self):
        return self.pki / "admin.crt", self.pki / "admin.key"

    def commands(self):
        etcd, peer = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{self.etcd_port + 1}"
        return [[self.programs / "etcd", "--data-dir", self.folder / "etcd", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}", "--log-level", "error"],
                [self.programs / "kube-apiserver", "--etcd-servers", etcd, "--bind-address", "127.0.0.1", "--secure-port", str(self.port),
                 "--tls-cert-file", self.pki / "apiserver.crt", "--tls-private-key-file", self.pki / "apiserver.key", "--client-ca-file", self.pki / "ca.crt",
                 "--service-account-key-file", self.public_key, "--service-account-signing-key-file", self.pki / "sa.key",
                 "--service-account-issuer", "https://kubernetes.default.svc", "--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "Node,RBAC"]]

// What the user of the window's test drops. moc does not read past raw strings, so it is kept apart from it.
#pragma once

namespace qd::tests {

// A shop, and a Pod with a shell: the node's busybox, since nothing can be fetched here.
inline constexpr const char* kVmShop = R"(apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
      - name: lab
        image: quarterdeck.dev/lab:1
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 5}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata: {name: toolbox, namespace: shop}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: lab
    image: quarterdeck.dev/lab:1
    volumeMounts: [{name: shell, mountPath: /bin/sh}]
  volumes: [{name: shell, hostPath: {path: /usr/bin/busybox, type: File}}]
)";

// Three that do not come up, each for its reason.
inline constexpr const char* kVmBroken = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: crashes, namespace: shop}
spec:
  selector: {matchLabels: {app: crashes}}
  template:
    metadata: {labels: {app: crashes}}
    spec:
      containers:
      - {name: lab, image: "quarterdeck.dev/lab:1", command: [/lab, exit, "7"]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: absent, namespace: shop}
spec:
  selector: {matchLabels: {app: absent}}
  template:
    metadata: {labels: {app: absent}}
    spec:
      containers:
      - {name: lab, image: "registry.invalid/absent:1"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: greedy, namespace: shop}
spec:
  selector: {matchLabels: {app: greedy}}
  template:
    metadata: {labels: {app: greedy}}
    spec:
      containers:
      - {name: lab, image: "quarterdeck.dev/lab:1", resources: {requests: {cpu: 64}}}
)";

}  // namespace qd::tests

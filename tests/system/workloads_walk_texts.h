// What the walk of workloads applies. moc does not read past raw strings, so it is kept apart from the test.
#pragma once

namespace qd::test {

inline constexpr const char* kWalkVisitor = R"(apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: visitor, namespace: shop}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - {name: lab, image: "quarterdeck.dev/lab:1", command: [/lab, sleep, 24h]}
)";

inline constexpr const char* kWalkCollector = R"(apiVersion: apps/v1
kind: DaemonSet
metadata: {name: collector, namespace: shop}
spec:
  selector: {matchLabels: {app: collector}}
  template:
    metadata: {labels: {app: collector}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: lab, image: "quarterdeck.dev/lab:1", env: [{name: LAB_VERSION, value: blue}]}
)";

inline constexpr const char* kWalkPieces = R"(apiVersion: batch/v1
kind: Job
metadata: {name: pieces, namespace: shop}
spec:
  completions: 4
  parallelism: 2
  completionMode: Indexed
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: lab, image: "quarterdeck.dev/lab:1", command: [/lab, echo, piece, $(JOB_COMPLETION_INDEX)]}
)";

// A Pod and, on the same node, a StatefulSet that wants the Pod's port.
inline constexpr const char* kWalkHolder = R"(apiVersion: v1
kind: Pod
metadata: {name: holder, namespace: shop}
spec:
  nodeName: node-1
  terminationGracePeriodSeconds: 1
  containers:
  - {name: lab, image: "quarterdeck.dev/lab:1", ports: [{containerPort: 8080, hostPort: 21017}]}
)";
inline constexpr const char* kWalkGuest = R"(apiVersion: apps/v1
kind: StatefulSet
metadata: {name: guest, namespace: shop}
spec:
  serviceName: guest
  selector: {matchLabels: {app: guest}}
  template:
    metadata: {labels: {app: guest}}
    spec:
      nodeName: node-1
      terminationGracePeriodSeconds: 1
      containers:
      - {name: lab, image: "quarterdeck.dev/lab:1", ports: [{containerPort: 8080, hostPort: 21017}]}
)";

inline constexpr const char* kWalkDatabase = R"(apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: lab
        image: quarterdeck.dev/lab:1
        readinessProbe: {httpGet: {path: /readyz, port: 8080}, periodSeconds: 2}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, emptyDir: {}}]
)";

inline constexpr const char* kWalkBurner = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: burner, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: burner}}
  template:
    metadata: {labels: {app: burner}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: lab, image: "quarterdeck.dev/lab:1", resources: {requests: {cpu: 200m}}}
---
apiVersion: v1
kind: Service
metadata: {name: burner, namespace: shop}
spec:
  selector: {app: burner}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: burner, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: burner}
  minReplicas: 1
  maxReplicas: 3
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]
  behavior: {scaleDown: {stabilizationWindowSeconds: 10}}
)";

// Keeps one CPU of one burner busy until it is deleted.
inline constexpr const char* kWalkLoad = R"(apiVersion: v1
kind: Pod
metadata: {name: load, namespace: shop}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
  - {name: lab, image: "quarterdeck.dev/lab:1", command: [/lab, get, -timeout, 10m, "http://burner.shop.svc.cluster.local/burn?ms=600000"]}
)";

}  // namespace qd::test

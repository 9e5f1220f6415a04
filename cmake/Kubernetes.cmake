# The one pinned number: the Kubernetes version that Quarterdeck speaks. cluster/api/codegen/go.mod follows it.
set(QD_KUBERNETES_MINOR 36)
set(QD_KUBERNETES_MODULE_VERSION v0.36.2)
set(QD_KUBERNETES_VERSION v1.36.2)
set(QD_GO_TOOLCHAIN go1.26.8)
find_program(GO go HINTS /usr/lib/go-1.24/bin /usr/lib/go-1.23/bin /usr/local/go/bin REQUIRED)

# The one pinned number: the Kubernetes version that Quarterdeck speaks. cluster/api/codegen/go.mod follows it.
set(QD_KUBERNETES_MINOR 36)
set(QD_KUBERNETES_MODULE_VERSION v0.36.2)
set(QD_KUBERNETES_VERSION v1.36.2)
set(QD_GO_TOOLCHAIN go1.26.8)
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/go-tool OUTPUT_VARIABLE GO OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

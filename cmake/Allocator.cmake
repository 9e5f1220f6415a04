# The programs that run a control plane allocate by jemalloc: many threads that make and drop small objects (docs/benchmarks.md).
# Sanitizers bring an allocator of their own.
if(NOT QD_SANITIZE)
  find_library(JEMALLOC jemalloc REQUIRED)
endif()

# Puts the protocols that the agent speaks to containerd, beside the CRI, into the folder OUT, out of the pinned module
# github.com/containerd/containerd/api. Run by the build as
#   cmake -DGO=... -DMODULE_VERSION=v1.7.19 -DTOOLCHAIN=go1.26.8 -DOUT=<folder> "-DFILES=a.proto;b.proto" -P fetch_protos.cmake
cmake_minimum_required(VERSION 3.25)
file(MAKE_DIRECTORY ${OUT}/module)
file(WRITE ${OUT}/module/go.mod "module protos\n\ngo 1.21\n")
set(module github.com/containerd/containerd/api)
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env GOTOOLCHAIN=${TOOLCHAIN} GOFLAGS=-mod=mod ${GO} mod download -json ${module}@${MODULE_VERSION}
  WORKING_DIRECTORY ${OUT}/module
  OUTPUT_VARIABLE answer RESULT_VARIABLE code ERROR_VARIABLE complaint)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "cannot fetch ${module} ${MODULE_VERSION}: ${answer} ${complaint}")
endif()
string(JSON directory GET "${answer}" Dir)
foreach(file IN LISTS FILES)
  file(READ ${directory}/${file} text)
  file(WRITE ${OUT}/${module}/${file} "${text}")  # written, not copied: the module's files are read-only
endforeach()

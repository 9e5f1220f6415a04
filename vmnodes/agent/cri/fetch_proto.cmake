# Puts the CRI's api.proto of the pinned k8s.io/cri-api module into OUT. Run by the build as
#   cmake -DGO=... -DMODULE_VERSION=v0.36.2 -DTOOLCHAIN=go1.26.8 -DOUT=<file> -P fetch_proto.cmake
# The option debug_redact is younger than Debian's protoc; it changes nothing on the wire and is taken out.
cmake_minimum_required(VERSION 3.25)
get_filename_component(folder ${OUT} DIRECTORY)
file(MAKE_DIRECTORY ${folder}/module)
file(WRITE ${folder}/module/go.mod "module cri\n\ngo 1.21\n")
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env GOTOOLCHAIN=${TOOLCHAIN} GOFLAGS=-mod=mod
          ${GO} mod download -json k8s.io/cri-api@${MODULE_VERSION}
  WORKING_DIRECTORY ${folder}/module
  OUTPUT_VARIABLE answer RESULT_VARIABLE code ERROR_VARIABLE complaint)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "cannot fetch k8s.io/cri-api ${MODULE_VERSION}: ${answer} ${complaint}")
endif()
string(JSON directory GET "${answer}" Dir)
file(READ ${directory}/pkg/apis/runtime/v1/api.proto text)
string(REPLACE " [debug_redact = true]" "" text "${text}")
file(WRITE ${OUT} "${text}")

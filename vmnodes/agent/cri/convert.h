// Between the plain structs and the messages of CRI. Private to cri/: it includes the generated code.
#pragma once

#include "cri/api.pb.h"
#include "vmnodes/agent/cri/types.h"

namespace qd::agent::cri {

namespace v1 = ::runtime::v1;

void write(const SandboxConfig& from, v1::PodSandboxConfig& to);
void write(const ContainerConfig& from, v1::ContainerConfig& to);
void write(const Resources& from, v1::LinuxContainerResources& to);
void write(const SandboxFilter& from, v1::PodSandboxFilter& to);
void write(const ContainerFilter& from, v1::ContainerFilter& to);
void write(const AuthConfig& from, v1::AuthConfig& to);

Sandbox read(const v1::PodSandbox& from);
SandboxStatus read(const v1::PodSandboxStatus& from);
Container read(const v1::Container& from);
ContainerStatus read(const v1::ContainerStatus& from);
ContainerStats read(const v1::ContainerStats& from);
Image read(const v1::Image& from);
FilesystemUsage read(const v1::FilesystemUsage& from);

}  // namespace qd::agent::cri

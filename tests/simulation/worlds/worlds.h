// What makes each world of this folder.
#pragma once

#include "tests/simulation/world.h"

namespace qd::simulation {

std::unique_ptr<World> deploymentWorld(std::uint64_t seed);
std::unique_ptr<World> statefulSetWorld(std::uint64_t seed);
std::unique_ptr<World> daemonSetWorld(std::uint64_t seed);
std::unique_ptr<World> jobWorld(std::uint64_t seed);
std::unique_ptr<World> cronJobWorld(std::uint64_t seed);
std::unique_ptr<World> autoscalerWorld(std::uint64_t seed);
std::unique_ptr<World> quotaWorld(std::uint64_t seed);
std::unique_ptr<World> disruptionWorld(std::uint64_t seed);
std::unique_ptr<World> garbageWorld(std::uint64_t seed);
std::unique_ptr<World> taintWorld(std::uint64_t seed);
std::unique_ptr<World> volumesWorld(std::uint64_t seed);
std::unique_ptr<World> mirroringWorld(std::uint64_t seed);
std::unique_ptr<World> ttlWorld(std::uint64_t seed);
std::unique_ptr<World> finishedWorld(std::uint64_t seed);
std::unique_ptr<World> certificatesWorld(std::uint64_t seed);

}  // namespace qd::simulation

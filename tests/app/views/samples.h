// Models with made-up figures for the tests of the pictures.
#pragma once

#include "app/views/endpoints_model.h"
#include "app/views/nodes_model.h"
#include "app/views/rollout_model.h"

namespace qd::tests {

views::RolloutModel sampleRollout();
views::RolloutModel brokenRollout();
views::RolloutModel largeRollout(int pods);
views::EndpointsModel sampleEndpoints();
views::EndpointsModel largeEndpoints(int endpoints);
views::NodesModel sampleNodes();

}  // namespace qd::tests

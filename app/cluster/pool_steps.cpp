#include "app/cluster/pool_steps.h"

#include <fmt/format.h>

namespace qd::cluster {
namespace {

using host::Step;

// The storage pool and the upload into it are one step, a node's disks and its definition are another.
std::string idOf(const host::Progress& progress) {
    switch (progress.step) {
        case Step::Network: return "network";
        case Step::Storage:
        case Step::UploadImage: return "storage";
        case Step::Disks:
        case Step::Define: return progress.node + "/defined";
        default: break;
    }
    const std::string id(host::stepName(progress.step));
    return progress.node.empty() ? id : progress.node + "/" + id;
}

std::string titleOf(const host::Progress& progress) {
    switch (progress.step) {
        case Step::Network: return "Network";
        case Step::Storage:
        case Step::UploadImage: return "Storage";
        case Step::Disks:
        case Step::Define: return progress.node + " defined";
        case Step::Start: return progress.node + " started";
        case Step::Stop: return progress.node + " shut down";
        case Step::Save: return progress.node + " suspended";
        case Step::Restore: return progress.node + " resumed";
        case Step::Remove: return progress.node.empty() ? "Machines removed" : progress.node + " removed";
        case Step::Undo: return "Undone";
    }
    return {};
}

bool endsItsStep(const host::Progress& progress) {
    return progress.step != Step::Storage && progress.step != Step::Disks;
}

}  // namespace

void announceStart(Steps& steps, const std::string& node, host::DomainState state) {
    if (state == host::DomainState::Running) return;
    host::Progress progress{};
    progress.step = state == host::DomainState::Saved ? Step::Restore : Step::Start;
    progress.node = node;
    steps.announce(idOf(progress), titleOf(progress));
}

host::ProgressHandler poolSteps(Steps& steps) {
    return [&steps](const host::Progress& progress) {
        const std::string id = idOf(progress);
        if (!steps.isUnderWay(id) && progress.state != host::StepState::Failed) steps.begin(id, titleOf(progress));
        switch (progress.state) {
            case host::StepState::Started:
                if (!progress.detail.empty()) steps.progress(id, progress.detail);
                break;
            case host::StepState::Working: steps.progress(id, progress.detail, progress.fraction); break;
            case host::StepState::Done:
                if (endsItsStep(progress)) steps.done(id, progress.detail);
                break;
            case host::StepState::Failed: break;  // whoever called the pool reports it, with what to do
        }
    };
}

}  // namespace qd::cluster

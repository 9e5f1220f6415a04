#include "app/actions/manual_job.h"

#include <QString>
#include <boost/json.hpp>

#include "app/bridge/resources.h"

namespace qd::actions {

std::string manualJobName(const std::string& cronJob, base::WallTime now) {
    constexpr std::size_t kLongest = 40;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    return cronJob.substr(0, kLongest) + "-manual-" + QString::number(seconds, 36).toStdString();
}

std::optional<std::string> manualJob(const std::string& cronJson, const bridge::ObjectKey& cron, const std::string& uid,
                                     const std::string& name) {
    boost::json::error_code error;
    boost::json::value read = boost::json::parse(cronJson, error);
    boost::json::value* found = error ? nullptr : read.find_pointer("/spec/jobTemplate", error);
    if (!found || !found->is_object()) return std::nullopt;
    boost::json::object job = found->get_object();
    if (!job["metadata"].is_object()) job["metadata"] = boost::json::object();
    boost::json::object& metadata = job["metadata"].get_object();
    metadata.erase("creationTimestamp");
    metadata["name"] = name;
    metadata["namespace"] = cron.space;
    if (!metadata["annotations"].is_object()) metadata["annotations"] = boost::json::object();
    metadata["annotations"].get_object()["cronjob.kubernetes.io/instantiate"] = "manual";
    metadata["ownerReferences"] = boost::json::array{boost::json::object{{"apiVersion", cron.resource.apiVersion},
                                                                         {"kind", cron.resource.kind},
                                                                         {"name", cron.name},
                                                                         {"uid", uid},
                                                                         {"controller", true}}};
    job["apiVersion"] = bridge::kJobs.apiVersion;
    job["kind"] = bridge::kJobs.kind;
    return boost::json::serialize(job);
}

}  // namespace qd::actions

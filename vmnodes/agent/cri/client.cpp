#include "vmnodes/agent/cri/client.h"

#include <grpcpp/grpcpp.h>

#include "cri/api.grpc.pb.h"
#include "vmnodes/agent/cri/convert.h"

// `linux` is a macro of GNU C++; the messages have fields of that name.
#undef linux

namespace qd::agent::cri {
namespace {

// Go's names of the gRPC codes, as they appear in kubelet's events.
const char* codeName(grpc::StatusCode code) {
    static constexpr const char* kNames[] = {
        "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
        "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
        "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
        "DataLoss", "Unauthenticated"};
    const auto index = static_cast<std::size_t>(code);
    return index < std::size(kNames) ? kNames[index] : "Unknown";
}

Reason reasonOf(grpc::StatusCode code) {
    switch (code) {
        case grpc::StatusCode::NOT_FOUND:
            return Reason::NotFound;
        case grpc::StatusCode::ALREADY_EXISTS:
            return Reason::AlreadyExists;
        case grpc::StatusCode::DEADLINE_EXCEEDED:
            return Reason::Timeout;
        case grpc::StatusCode::UNAVAILABLE:
            return Reason::ServiceUnavailable;
        case grpc::StatusCode::INVALID_ARGUMENT:
            return Reason::BadRequest;
        case grpc::StatusCode::UNIMPLEMENTED:
            return Reason::MethodNotAllowed;
        default:
            return Reason::InternalError;
    }
}

Error errorOf(const grpc::Status& status) {
    return {reasonOf(status.error_code()),
            std::string("rpc error: code = ") + codeName(status.error_code()) + " desc = " + status.error_message()};
}

}  // namespace

struct Client::Stubs {
    std::unique_ptr<v1::RuntimeService::Stub> runtime;
    std::unique_ptr<v1::ImageService::Stub> images;

    // Calls a method and answers its response. Waits for a runtime that is (re)starting as long as the deadline allows.
    template <typename Service, typename Request, typename Response>
    static Result<Response> call(Service& service,
                                 grpc::Status (Service::*method)(grpc::ClientContext*, const Request&, Response*),
                                 const Request& request, std::chrono::seconds timeout) {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::time_point(base::SystemClock().now() + timeout));
        context.set_wait_for_ready(true);
        Response response;
        if (const grpc::Status status = (service.*method)(&context, request, &response); !status.ok())
            return fail(errorOf(status));
        return response;
    }
};

namespace {

Result<void> done(auto&& response) {
    if (!response) return fail(std::move(response.error()));
    return {};
}

}  // namespace

Client::Client(ClientSettings settings) : m_settings(std::move(settings)), m_stubs(std::make_unique<Stubs>()) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(16 * 1024 * 1024 + 1024 * 1024);  // kubelet's limit and room for ExecSync
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");  // containerd rejects a path as authority
    const auto channel =
        grpc::CreateCustomChannel("unix://" + m_settings.socket, grpc::InsecureChannelCredentials(), arguments);
    m_stubs->runtime = v1::RuntimeService::NewStub(channel);
    m_stubs->images = v1::ImageService::NewStub(channel);
}

Client::~Client() = default;

Result<VersionInfo> Client::version() {
    auto response = Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::Version, v1::VersionRequest(),
                                m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    return VersionInfo{response->runtime_name(), response->runtime_version(), response->runtime_api_version()};
}

Result<std::vector<RuntimeCondition>> Client::status() {
    auto response =
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::Status, v1::StatusRequest(), m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    std::vector<RuntimeCondition> conditions;
    for (const auto& condition : response->status().conditions())
        conditions.push_back({condition.type(), condition.status(), condition.reason(), condition.message()});
    return conditions;
}

Result<std::string> Client::runPodSandbox(const SandboxConfig& config) {
    v1::RunPodSandboxRequest request;
    write(config, *request.mutable_config());
    auto response =
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::RunPodSandbox, request, m_settings.slowCallTimeout);
    if (!response) return fail(std::move(response.error()));
    return response->pod_sandbox_id();
}

Result<void> Client::stopPodSandbox(const std::string& id) {
    v1::StopPodSandboxRequest request;
    request.set_pod_sandbox_id(id);
    return done(
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::StopPodSandbox, request, m_settings.slowCallTimeout));
}

Result<void> Client::removePodSandbox(const std::string& id) {
    v1::RemovePodSandboxRequest request;
    request.set_pod_sandbox_id(id);
    return done(Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::RemovePodSandbox, request,
                            m_settings.slowCallTimeout));
}

Result<SandboxStatus> Client::podSandboxStatus(const std::string& id) {
    v1::PodSandboxStatusRequest request;
    request.set_pod_sandbox_id(id);
    auto response =
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::PodSandboxStatus, request, m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    return read(response->status());
}

Result<std::vector<Sandbox>> Client::listPodSandboxes(const SandboxFilter& filter) {
    v1::ListPodSandboxRequest request;
    write(filter, *request.mutable_filter());
    auto response =
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::ListPodSandbox, request, m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    std::vector<Sandbox> sandboxes;
    for (const auto& item : response->items()) sandboxes.push_back(read(item));
    return sandboxes;
}

Result<std::string> Client::createContainer(const std::string& sandboxId, const ContainerConfig& config,
                                            const SandboxConfig& sandboxConfig) {
    v1::CreateContainerRequest request;
    request.set_pod_sandbox_id(sandboxId);
    write(config, *request.mutable_config());
    write(sandboxConfig, *request.mutable_sandbox_config());
    auto response =
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::CreateContainer, request, m_settings.slowCallTimeout);
    if (!response) return fail(std::move(response.error()));
    return response->container_id();
}

Result<void> Client::startContainer(const std::string& id) {
    v1::StartContainerRequest request;
    request.set_container_id(id);
    return done(
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::StartContainer, request, m_settings.slowCallTimeout));
}

Result<void> Client::stopContainer(const std::string& id, std::chrono::seconds grace) {
    v1::StopContainerRequest request;
    request.set_container_id(id);
    request.set_timeout(grace.count());
    return done(Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::StopContainer, request,
                            grace + m_settings.callTimeout));
}

Result<void> Client::removeContainer(const std::string& id) {
    v1::RemoveContainerRequest request;
    request.set_container_id(id);
    return done(
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::RemoveContainer, request, m_settings.callTimeout));
}

Result<std::vector<Container>> Client::listContainers(const ContainerFilter& filter) {
    v1::ListContainersRequest request;
    write(filter, *request.mutable_filter());
    auto response =
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::ListContainers, request, m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    std::vector<Container> containers;
    for (const auto& item : response->containers()) containers.push_back(read(item));
    return containers;
}

Result<ContainerStatus> Client::containerStatus(const std::string& id) {
    v1::ContainerStatusRequest request;
    request.set_container_id(id);
    auto response =
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::ContainerStatus, request, m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    return read(response->status());
}

Result<void> Client::updateContainerResources(const std::string& id, const Resources& resources) {
    v1::UpdateContainerResourcesRequest request;
    request.set_container_id(id);
    write(resources, *request.mutable_linux());
    return done(Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::UpdateContainerResources, request,
                            m_settings.callTimeout));
}

Result<void> Client::reopenContainerLog(const std::string& id) {
    v1::ReopenContainerLogRequest request;
    request.set_container_id(id);
    return done(
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::ReopenContainerLog, request, m_settings.callTimeout));
}

Result<ExecResult> Client::execSync(const std::string& id, const std::vector<std::string>& command,
                                    std::chrono::seconds limit) {
    v1::ExecSyncRequest request;
    request.set_container_id(id);
    for (const std::string& word : command) request.add_cmd(word);
    request.set_timeout(limit.count());
    // The runtime keeps the limit itself; starting the process takes time of its own.
    auto response = Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::ExecSync, request,
                                limit.count() > 0 ? limit + m_settings.callTimeout : m_settings.slowCallTimeout);
    if (!response) {
        Error error = std::move(response.error());
        if (error.message.find("timeout") != std::string::npos ||
            error.message.find("DeadlineExceeded") != std::string::npos)
            error.reason = Reason::Timeout;
        return fail(std::move(error));
    }
    return ExecResult{response->stdout(), response->stderr(), response->exit_code()};
}

Result<std::string> Client::exec(const ExecRequest& wish) {
    v1::ExecRequest request;
    request.set_container_id(wish.containerId);
    for (const std::string& word : wish.command) request.add_cmd(word);
    request.set_tty(wish.tty);
    request.set_stdin(wish.stdin_);
    request.set_stdout(wish.stdout_);
    request.set_stderr(wish.stderr_);
    auto response = Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::Exec, request, m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    return response->url();
}

Result<std::string> Client::attach(const ExecRequest& wish) {
    v1::AttachRequest request;
    request.set_container_id(wish.containerId);
    request.set_tty(wish.tty);
    request.set_stdin(wish.stdin_);
    request.set_stdout(wish.stdout_);
    request.set_stderr(wish.stderr_);
    auto response = Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::Attach, request, m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    return response->url();
}

Result<std::string> Client::portForward(const std::string& sandboxId, const std::vector<int>& ports) {
    v1::PortForwardRequest request;
    request.set_pod_sandbox_id(sandboxId);
    for (const int port : ports) request.add_port(port);
    auto response =
        Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::PortForward, request, m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    return response->url();
}

Result<std::vector<ContainerStats>> Client::listContainerStats() {
    auto response = Stubs::call(*m_stubs->runtime, &v1::RuntimeService::Stub::ListContainerStats,
                                v1::ListContainerStatsRequest(), m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    std::vector<ContainerStats> stats;
    for (const auto& item : response->stats()) stats.push_back(read(item));
    return stats;
}

Result<void> Client::watchContainerEvents(const std::function<void(const ContainerEvent&)>& deliver,
                                          std::stop_token stop) {
    grpc::ClientContext context;
    const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
    const auto reader = m_stubs->runtime->GetContainerEvents(&context, v1::GetEventsRequest());
    v1::ContainerEventResponse event;
    while (reader->Read(&event)) {
        deliver({.containerId = event.container_id(),
                 .type = static_cast<ContainerEventType>(event.container_event_type()),
                 .podUid = event.pod_sandbox_status().metadata().uid()});
    }
    const grpc::Status status = reader->Finish();
    if (stop.stop_requested() || status.ok()) return {};
    return fail(errorOf(status));
}

Result<std::vector<Image>> Client::listImages() {
    auto response = Stubs::call(*m_stubs->images, &v1::ImageService::Stub::ListImages, v1::ListImagesRequest(),
                                m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    std::vector<Image> images;
    for (const auto& item : response->images()) images.push_back(read(item));
    return images;
}

Result<std::optional<Image>> Client::imageStatus(const std::string& image) {
    v1::ImageStatusRequest request;
    request.mutable_image()->set_image(image);
    auto response =
        Stubs::call(*m_stubs->images, &v1::ImageService::Stub::ImageStatus, request, m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    if (!response->has_image() || response->image().id().empty()) return std::optional<Image>();
    return std::optional<Image>(read(response->image()));
}

Result<std::string> Client::pullImage(const std::string& image, const std::optional<AuthConfig>& auth,
                                      const SandboxConfig& sandboxConfig) {
    v1::PullImageRequest request;
    request.mutable_image()->set_image(image);
    if (auth) write(*auth, *request.mutable_auth());
    write(sandboxConfig, *request.mutable_sandbox_config());
    auto response = Stubs::call(*m_stubs->images, &v1::ImageService::Stub::PullImage, request, m_settings.pullTimeout);
    if (!response) return fail(std::move(response.error()));
    return response->image_ref();
}

Result<void> Client::removeImage(const std::string& image) {
    v1::RemoveImageRequest request;
    request.mutable_image()->set_image(image);
    return done(Stubs::call(*m_stubs->images, &v1::ImageService::Stub::RemoveImage, request, m_settings.callTimeout));
}

Result<std::vector<FilesystemUsage>> Client::imageFsInfo() {
    auto response = Stubs::call(*m_stubs->images, &v1::ImageService::Stub::ImageFsInfo, v1::ImageFsInfoRequest(),
                                m_settings.callTimeout);
    if (!response) return fail(std::move(response.error()));
    std::vector<FilesystemUsage> usage;
    for (const auto& item : response->image_filesystems()) usage.push_back(read(item));
    return usage;
}

}  // namespace qd::agent::cri

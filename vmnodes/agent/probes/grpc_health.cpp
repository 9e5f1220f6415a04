#include "vmnodes/agent/probes/grpc_health.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace qd::agent::probes {
namespace {

// HealthCheckRequest{string service = 1}, in protobuf's form; service names are short.
grpc::ByteBuffer requestFor(const std::string& service) {
    std::string bytes;
    if (!service.empty()) bytes = std::string("\x0a") + static_cast<char>(service.size()) + service;
    const grpc::Slice slice(bytes);
    return grpc::ByteBuffer(&slice, 1);
}

// HealthCheckResponse{ServingStatus status = 1}: SERVING is 1.
int servingStatus(const grpc::ByteBuffer& response) {
    std::vector<grpc::Slice> slices;
    if (!response.Dump(&slices).ok()) return 0;
    std::string bytes;
    for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    return bytes.size() >= 2 && bytes[0] == 0x08 ? bytes[1] : 0;
}

}  // namespace

Result<void> grpcHealthy(const std::string& address, int port, const std::string& service, base::Duration limit) {
    if (service.size() > 127)
        return fail(Reason::BadRequest, "the service name of a gRPC probe has at most 127 characters");
    const std::string target =
        (address.find(':') != std::string::npos ? "[" + address + "]" : address) + ":" + std::to_string(port);
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetUserAgentPrefix("kube-probe/1.36");
    grpc::GenericStub stub(grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::time_point(base::SystemClock().now() + limit));
    context.set_wait_for_ready(true);
    grpc::CompletionQueue queue;
    grpc::ByteBuffer response;
    grpc::Status status;
    const auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", requestFor(service), &queue);
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool good = false;
    queue.Next(&tag, &good);
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
        return fail(Reason::Timeout,
                    "timeout: failed to connect service \"" + target + "\" within " +
                        std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limit).count()) +
                        "s: context deadline exceeded");
    if (!status.ok()) return fail(Reason::InternalError, "error: health rpc probe failed: " + status.error_message());
    if (const int serving = servingStatus(response); serving != 1)
        return fail(Reason::InternalError, std::string("service unhealthy (responded with \"") +
                                               (serving == 2 ? "NOT_SERVING" : "UNKNOWN") + "\")");
    return {};
}

}  // namespace qd::agent::probes

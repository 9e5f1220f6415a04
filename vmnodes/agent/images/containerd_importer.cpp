#include "vmnodes/agent/images/containerd_importer.h"

#include <grpcpp/grpcpp.h>
#include <sys/utsname.h>

#include <fstream>

#include "cluster/base/executor.h"
#include "cluster/base/random.h"
#include "github.com/containerd/containerd/api/services/images/v1/images.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/streaming/v1/streaming.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/transfer/v1/transfer.grpc.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/imagestore.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/importexport.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/progress.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/streaming.pb.h"

namespace qd::agent::images {
namespace {

namespace store = containerd::services::images::v1;
namespace streaming = containerd::services::streaming::v1;
namespace transfer = containerd::services::transfer::v1;
namespace types = containerd::types::transfer;
using google::protobuf::Any;

constexpr char kNamespace[] = "k8s.io";  // where the CRI keeps its images
constexpr std::size_t kMostInOneMessage = 32 * 1024;
// Stands before a name that is no more than a tag, as OCI layouts may have it.
constexpr char kBaseName[] = "docker.io/library/imported";

// containerd looks types up by their bare name.
Any wrapped(const google::protobuf::Message& message) {
    Any any;
    any.set_type_url(message.GetDescriptor()->full_name());
    any.set_value(message.SerializeAsString());
    return any;
}

template <typename Message>
bool unwrap(const Any& any, Message& message) {
    const std::string& url = any.type_url();
    return url.substr(url.rfind('/') + 1) == Message::descriptor()->full_name() && message.ParseFromString(any.value());
}

std::string architecture() {
    utsname machine{};
    uname(&machine);
    const std::string_view name = machine.machine;
    return std::string(name == "x86_64" ? "amd64" : name == "aarch64" ? "arm64" : name);
}

Error errorOf(const grpc::Status& status) {
    const std::string words = "containerd cannot import the archive: " + status.error_message();
    switch (status.error_code()) {
        case grpc::StatusCode::UNAVAILABLE:
            return {Reason::ServiceUnavailable, words};
        case grpc::StatusCode::DEADLINE_EXCEEDED:
            return {Reason::Timeout, words};
        default:
            return {Reason::BadRequest, words};
    }
}

// One of containerd's streams under a name that a request can refer to.
class Stream {
public:
    Stream(streaming::Streaming::Stub& stub, const char* purpose, std::chrono::system_clock::time_point deadline)
        : m_id(std::string(purpose) + "-" + base::Random().uuid()) {
        m_context.AddMetadata("containerd-namespace", kNamespace);
        m_context.set_deadline(deadline);
        m_stream = stub.Stream(&m_context);
    }
    // containerd answers when it knows the name.
    bool open() {
        streaming::StreamInit init;
        init.set_id(m_id);
        Any answer;
        return m_stream->Write(wrapped(init)) && m_stream->Read(&answer);
    }
    const std::string& id() const { return m_id; }
    void cancel() { m_context.TryCancel(); }
    grpc::Status finish() { return m_stream->Finish(); }

    // Sends the file as fast as containerd's window allows, then ends the stream.
    void feed(std::ifstream& file) {
        std::int64_t window = 0;
        std::string buffer(kMostInOneMessage, '\0');
        while (true) {
            if (window <= 0) {
                Any any;
                types::WindowUpdate update;
                if (!m_stream->Read(&any)) return;
                if (unwrap(any, update)) window += update.update();
                continue;
            }
            file.read(buffer.data(), static_cast<std::streamsize>(
                                         std::min<std::size_t>(kMostInOneMessage, static_cast<std::size_t>(window))));
            if (file.gcount() <= 0) break;
            types::Data data;
            data.set_data(buffer.data(), static_cast<std::size_t>(file.gcount()));
            window -= file.gcount();
            if (!m_stream->Write(wrapped(data))) return;
        }
        m_stream->WritesDone();
    }

    // The names that containerd has reported as saved. Until it ends the stream.
    std::vector<std::string> savedNames() {
        std::vector<std::string> names;
        for (Any any; m_stream->Read(&any);) {
            types::Progress progress;
            if (unwrap(any, progress) && progress.event() == "saved") names.push_back(progress.name());
        }
        return names;
    }

private:
    const std::string m_id;
    grpc::ClientContext m_context;
    std::unique_ptr<grpc::ClientReaderWriter<Any, Any>> m_stream;
};

transfer::TransferRequest requestFor(const std::string& archiveStream, const std::string& progressStream) {
    types::ImageImportStream source;
    source.set_stream(archiveStream);  // no media type: containerd finds out how it is compressed
    types::ImageStore destination;
    auto& platform = *destination.add_platforms();
    platform.set_os("linux");
    platform.set_architecture(architecture());
    *destination.add_unpacks()->mutable_platform() = platform;
    auto& names = *destination.add_extra_references();
    names.set_name(kBaseName);
    names.set_is_prefix(true);
    names.set_allow_overwrite(true);  // a full name in the archive stays as it is
    transfer::TransferRequest request;
    *request.mutable_source() = wrapped(source);
    *request.mutable_destination() = wrapped(destination);
    request.mutable_options()->set_progress_stream(progressStream);
    return request;
}

// The CRI looks at an image when containerd tells of its creation or change, which the transfer service of
// containerd 1.7 does not: a change that changes nothing does.
Result<void> announce(store::Images::Stub& stub, const std::string& name,
                      std::chrono::system_clock::time_point deadline) {
    const auto call = [&](auto method, const auto& request, auto& response) {
        grpc::ClientContext context;
        context.AddMetadata("containerd-namespace", kNamespace);
        context.set_deadline(deadline);
        return (stub.*method)(&context, request, &response);
    };
    store::GetImageRequest wish;
    wish.set_name(name);
    store::GetImageResponse found;
    if (const auto status = call(&store::Images::Stub::Get, wish, found); !status.ok()) return fail(errorOf(status));
    store::UpdateImageRequest update;
    *update.mutable_image() = found.image();
    store::UpdateImageResponse updated;
    if (const auto status = call(&store::Images::Stub::Update, update, updated); !status.ok())
        return fail(errorOf(status));
    return {};
}

}  // namespace

struct ContainerdImporter::Stubs {
    std::unique_ptr<store::Images::Stub> images;
    std::unique_ptr<streaming::Streaming::Stub> streams;
    std::unique_ptr<transfer::Transfer::Stub> transfers;
};

ContainerdImporter::ContainerdImporter(ImporterSettings settings)
    : m_settings(std::move(settings)), m_stubs(std::make_unique<Stubs>()) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");  // containerd rejects a path as authority
    const auto channel =
        grpc::CreateCustomChannel("unix://" + m_settings.socket, grpc::InsecureChannelCredentials(), arguments);
    m_stubs->images = store::Images::NewStub(channel);
    m_stubs->streams = streaming::Streaming::NewStub(channel);
    m_stubs->transfers = transfer::Transfer::NewStub(channel);
}

ContainerdImporter::~ContainerdImporter() = default;

Result<std::vector<std::string>> ContainerdImporter::import(const std::string& archive) {
    std::ifstream file(archive, std::ios::binary);
    if (!file) return fail(Reason::NotFound, "cannot read " + archive);
    const auto deadline = std::chrono::system_clock::time_point(base::SystemClock().now() + m_settings.timeout);
    Stream content(*m_stubs->streams, "import", deadline), progress(*m_stubs->streams, "progress", deadline);
    for (Stream* stream : {&content, &progress})
        if (!stream->open()) {
            stream->cancel();
            return fail(errorOf(stream->finish()));
        }
    base::Thread feeder("import", [&](std::stop_token) { content.feed(file); });
    grpc::ClientContext context;
    context.AddMetadata("containerd-namespace", kNamespace);
    context.set_deadline(deadline);
    google::protobuf::Empty nothing;
    const grpc::Status status =
        m_stubs->transfers->Transfer(&context, requestFor(content.id(), progress.id()), &nothing);
    content.cancel();  // also when containerd gave up before the end
    feeder.join();
    if (!status.ok()) {
        progress.cancel();
        return fail(errorOf(status));
    }
    auto names = progress.savedNames();
    if (names.empty())
        return fail(Reason::BadRequest,
                    "the archive holds no image with a name; save it by its name, as in \"docker save NAME:TAG\"");
    for (const std::string& name : names)
        if (auto announced = announce(*m_stubs->images, name, deadline); !announced) return fail(announced.error());
    return names;
}

}  // namespace qd::agent::images

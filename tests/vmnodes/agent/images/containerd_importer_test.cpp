// The importer against a server that speaks containerd's streaming and transfer services over real gRPC.
#include "vmnodes/agent/images/containerd_importer.h"

#include <grpcpp/grpcpp.h>

#include <QTemporaryDir>
#include <QtTest>

#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>

#include "github.com/containerd/containerd/api/services/images/v1/images.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/streaming/v1/streaming.grpc.pb.h"
#include "github.com/containerd/containerd/api/services/transfer/v1/transfer.grpc.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/imagestore.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/importexport.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/progress.pb.h"
#include "github.com/containerd/containerd/api/types/transfer/streaming.pb.h"

namespace image_store = containerd::services::images::v1;
namespace streaming = containerd::services::streaming::v1;
namespace transfer = containerd::services::transfer::v1;
namespace types = containerd::types::transfer;
using google::protobuf::Any;
using namespace qd;
using namespace qd::agent::images;

namespace {

constexpr int kWindow = 64 * 1024;

Any wrapped(const google::protobuf::Message& message) {
    Any any;
    any.set_type_url(message.GetDescriptor()->full_name());
    any.set_value(message.SerializeAsString());
    return any;
}

// Receives an archive as containerd does: a window is granted, and renewed as data comes.
class Containerd final : public streaming::Streaming::Service,
                         public transfer::Transfer::Service,
                         public image_store::Images::Service {
public:
    grpc::Status refuseWith = grpc::Status::OK;  // before anything is read
    std::vector<std::string> saves, announced;
    std::string received;
    types::ImageStore store;
    std::atomic<bool> ignoredWindow = false;

    grpc::Status Stream(grpc::ServerContext* context, grpc::ServerReaderWriter<Any, Any>* stream) override {
        Any any;
        streaming::StreamInit init;
        if (!stream->Read(&any) || !init.ParseFromString(any.value()) || !inNamespace(*context))
            return {grpc::StatusCode::INVALID_ARGUMENT, "no stream"};
        std::unique_lock lock(m_mutex);
        m_streams[init.id()] = stream;
        stream->Write(wrapped(google::protobuf::Empty()));
        while (m_streams.contains(init.id()) && !context->IsCancelled())  // nobody tells of a cancellation
            m_changed.wait_for(lock, std::chrono::milliseconds(5));
        m_streams.erase(init.id());
        return grpc::Status::OK;
    }

    grpc::Status Transfer(grpc::ServerContext* context, const transfer::TransferRequest* request,
                          google::protobuf::Empty*) override {
        types::ImageImportStream source;
        if (!inNamespace(*context) || request->source().type_url() != "containerd.types.transfer.ImageImportStream" ||
            !source.ParseFromString(request->source().value()) ||
            !store.ParseFromString(request->destination().value()))
            return {grpc::StatusCode::INVALID_ARGUMENT, "no import"};
        if (!refuseWith.ok()) return refuseWith;
        receive(*streamOf(source.stream()));
        close(source.stream());
        const std::string progress = request->options().progress_stream();
        for (const std::string& name : saves) {
            types::Progress message;
            message.set_event("saved");
            message.set_name(name);
            streamOf(progress)->Write(wrapped(message));
        }
        close(progress);
        return grpc::Status::OK;
    }

    grpc::Status Get(grpc::ServerContext*, const image_store::GetImageRequest* request,
                     image_store::GetImageResponse* response) override {
        response->mutable_image()->set_name(request->name());
        response->mutable_image()->mutable_target()->set_digest("sha256:1");
        return grpc::Status::OK;
    }
    grpc::Status Update(grpc::ServerContext* context, const image_store::UpdateImageRequest* request,
                        image_store::UpdateImageResponse*) override {
        if (!inNamespace(*context) || request->image().target().digest() != "sha256:1")
            return {grpc::StatusCode::INVALID_ARGUMENT, "another image"};
        announced.push_back(request->image().name());
        return grpc::Status::OK;
    }

private:
    static bool inNamespace(const grpc::ServerContext& context) {
        const auto& metadata = context.client_metadata();
        const auto found = metadata.find("containerd-namespace");
        return found != metadata.end() && found->second == "k8s.io";
    }
    grpc::ServerReaderWriter<Any, Any>* streamOf(const std::string& id) {
        const std::lock_guard lock(m_mutex);
        return m_streams.at(id);
    }
    void close(const std::string& id) {
        const std::lock_guard lock(m_mutex);
        m_streams.erase(id);
        m_changed.notify_all();
    }
    void receive(grpc::ServerReaderWriter<Any, Any>& stream) {
        int window = 0;
        while (true) {
            if (window < kWindow) {
                types::WindowUpdate update;
                update.set_update(kWindow);
                stream.Write(wrapped(update));
                window += kWindow;
            }
            Any any;
            types::Data data;
            if (!stream.Read(&any)) return;
            data.ParseFromString(any.value());
            window -= static_cast<int>(data.data().size());
            if (window < 0) ignoredWindow = true;
            received += data.data();
        }
    }

    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::map<std::string, grpc::ServerReaderWriter<Any, Any>*> m_streams;  // guarded by m_mutex
};

}  // namespace

class ContainerdImporterTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        m_containerd = std::make_unique<Containerd>();
        grpc::ServerBuilder builder;
        builder.AddListeningPort("unix://" + path("sock"), grpc::InsecureServerCredentials());
        builder.RegisterService(static_cast<streaming::Streaming::Service*>(m_containerd.get()));
        builder.RegisterService(static_cast<image_store::Images::Service*>(m_containerd.get()));
        builder.RegisterService(static_cast<transfer::Transfer::Service*>(m_containerd.get()));
        m_server = builder.BuildAndStart();
        m_importer = std::make_unique<ContainerdImporter>(ImporterSettings{.socket = path("sock")});
    }
    void cleanup() {
        m_importer.reset();
        m_server->Shutdown();
        m_server.reset();
    }

    void theArchiveArrivesWholeAndTheNamesComeBack() {
        std::string content;
        for (int i = 0; content.size() < 1'000'000; ++i) content += std::to_string(i) + " ";
        const std::string archive = write(content);
        m_containerd->saves = {"docker.io/library/web:1", "docker.io/library/web:2"};
        const auto names = m_importer->import(archive);
        QVERIFY2(names.has_value(), names ? "" : names.error().message.c_str());
        QCOMPARE(*names, m_containerd->saves);
        QVERIFY(m_containerd->received == content);
        QVERIFY(!m_containerd->ignoredWindow);
    }

    // Else the CRI would not see them before its next start.
    void theImagesAreAnnounced() {
        m_containerd->saves = {"docker.io/library/web:1", "docker.io/library/web:2"};
        QVERIFY(m_importer->import(write("x")).has_value());
        QCOMPARE(m_containerd->announced, m_containerd->saves);
    }

    void oneArchitectureIsUnpackedAndFullNamesAreKept() {
        m_containerd->saves = {"x"};
        QVERIFY(m_importer->import(write("x")).has_value());
        const types::ImageStore& store = m_containerd->store;
        QCOMPARE(store.platforms_size(), 1);
        QCOMPARE(store.platforms(0).os(), std::string("linux"));
        QVERIFY(!store.platforms(0).architecture().empty());
        QCOMPARE(store.unpacks_size(), 1);
        QCOMPARE(store.unpacks(0).platform().architecture(), store.platforms(0).architecture());
        QCOMPARE(store.extra_references_size(), 1);
        QVERIFY(store.extra_references(0).is_prefix());
        QVERIFY(store.extra_references(0).allow_overwrite());
    }

    void anArchiveWithoutANameIsAnError() {
        const auto names = m_importer->import(write("x"));
        QVERIFY(!names);
        QCOMPARE(names.error().reason, Reason::BadRequest);
        QVERIFY(names.error().message.starts_with("the archive holds no image with a name"));
    }

    void containerdsWordsArePassedOn() {
        m_containerd->refuseWith = {grpc::StatusCode::UNKNOWN, "unrecognized image format"};
        const auto names = m_importer->import(write(std::string(1'000'000, 'x')));
        QVERIFY(!names);
        QCOMPARE(names.error().reason, Reason::BadRequest);
        QCOMPARE(names.error().message, std::string("containerd cannot import the archive: unrecognized image format"));
    }

    void aFileThatIsNotThereIsAnError() { QCOMPARE(m_importer->import(path("none")).error().reason, Reason::NotFound); }

    void aContainerdThatDoesNotRunIsAnError() {
        ContainerdImporter importer({.socket = path("nobody")});
        const auto names = importer.import(write("x"));
        QVERIFY(!names);
        QCOMPARE(names.error().reason, Reason::ServiceUnavailable);
    }

private:
    std::string path(const char* name) const { return m_folder->filePath(name).toStdString(); }
    std::string write(const std::string& content) const {
        std::ofstream(path("archive"), std::ios::binary) << content;
        return path("archive");
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Containerd> m_containerd;
    std::unique_ptr<grpc::Server> m_server;
    std::unique_ptr<ContainerdImporter> m_importer;
};

QTEST_GUILESS_MAIN(ContainerdImporterTest)
#include "containerd_importer_test.moc"

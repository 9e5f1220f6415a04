#include "vmnodes/agent/cri/client.h"

#include <grpcpp/grpcpp.h>

#include <QTemporaryDir>
#include <QtTest>

#include "cri/api.grpc.pb.h"

namespace v1 = runtime::v1;
using namespace qd;
using namespace qd::agent::cri;
using namespace std::chrono_literals;

namespace {

// A runtime that answers over real gRPC and remembers what it was asked.
class RecordingServer final : public v1::RuntimeService::Service, public v1::ImageService::Service {
public:
    v1::RunPodSandboxRequest sandboxRequest;
    v1::CreateContainerRequest containerRequest;
    std::atomic<bool> slow = false;

    grpc::Status RunPodSandbox(grpc::ServerContext*, const v1::RunPodSandboxRequest* request,
                               v1::RunPodSandboxResponse* response) override {
        sandboxRequest = *request;
        response->set_pod_sandbox_id("sandbox-1");
        return grpc::Status::OK;
    }
    grpc::Status CreateContainer(grpc::ServerContext*, const v1::CreateContainerRequest* request,
                                 v1::CreateContainerResponse* response) override {
        containerRequest = *request;
        response->set_container_id("container-1");
        return grpc::Status::OK;
    }
    grpc::Status ContainerStatus(grpc::ServerContext*, const v1::ContainerStatusRequest* request,
                                 v1::ContainerStatusResponse* response) override {
        if (request->container_id() != "container-1")
            return {grpc::StatusCode::NOT_FOUND, "an error occurred when try to find container \"x\": not found"};
        auto& status = *response->mutable_status();
        status.set_id("container-1");
        status.mutable_metadata()->set_name("web");
        status.mutable_metadata()->set_attempt(3);
        status.set_state(v1::CONTAINER_EXITED);
        status.set_started_at(1'700'000'000'123'456'789);
        status.set_exit_code(137);
        status.set_reason("OOMKilled");
        status.mutable_user()->mutable_linux()->set_uid(1000);
        return grpc::Status::OK;
    }
    grpc::Status ExecSync(grpc::ServerContext*, const v1::ExecSyncRequest*, v1::ExecSyncResponse*) override {
        return {grpc::StatusCode::DEADLINE_EXCEEDED, "failed to exec in container: timeout 1s exceeded"};
    }
    grpc::Status Version(grpc::ServerContext* context, const v1::VersionRequest*, v1::VersionResponse*) override {
        while (slow && !context->IsCancelled()) QTest::qWait(5);
        return grpc::Status::OK;
    }
    grpc::Status GetContainerEvents(grpc::ServerContext* context, const v1::GetEventsRequest*,
                                    grpc::ServerWriter<v1::ContainerEventResponse>* writer) override {
        v1::ContainerEventResponse event;
        event.set_container_id("container-1");
        event.set_container_event_type(v1::CONTAINER_STOPPED_EVENT);
        event.mutable_pod_sandbox_status()->mutable_metadata()->set_uid("uid-1");
        writer->Write(event);
        while (!context->IsCancelled()) QTest::qWait(5);
        return grpc::Status::CANCELLED;
    }
    grpc::Status ImageStatus(grpc::ServerContext*, const v1::ImageStatusRequest* request,
                             v1::ImageStatusResponse* response) override {
        if (request->image().image() != "present") return grpc::Status::OK;
        response->mutable_image()->set_id("sha256:1");
        response->mutable_image()->mutable_uid()->set_value(0);
        return grpc::Status::OK;
    }
};

}  // namespace

class ClientTest : public QObject {
    Q_OBJECT
private slots:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        m_socket = m_folder->filePath("cri.sock").toStdString();
        m_service = std::make_unique<RecordingServer>();
        grpc::ServerBuilder builder;
        builder.AddListeningPort("unix://" + m_socket, grpc::InsecureServerCredentials());
        builder.RegisterService(static_cast<v1::RuntimeService::Service*>(m_service.get()));
        builder.RegisterService(static_cast<v1::ImageService::Service*>(m_service.get()));
        m_server = builder.BuildAndStart();
        QVERIFY(m_server);
        m_client = std::make_unique<Client>(ClientSettings{.socket = m_socket, .callTimeout = 5s});
    }
    void cleanup() {
        m_client.reset();
        m_service->slow = false;
        m_server->Shutdown(std::chrono::system_clock::now());
    }

    void aSandboxConfigArrivesWhole() {
        SandboxConfig config;
        config.metadata = {"web", "uid-1", "default", 2};
        config.hostname = "web";
        config.dns = DnsConfig{{"10.96.0.10"}, {"default.svc.cluster.local"}, {"ndots:5"}};
        config.portMappings = {{Protocol::Udp, 53, 5353, "127.0.0.1"}};
        config.labels = {{"io.kubernetes.pod.name", "web"}};
        config.cgroupParent = "/kubepods/besteffort/poduid-1";
        config.security.namespaces.network = NamespaceMode::Node;
        config.security.seccomp = SecurityProfile{ProfileType::RuntimeDefault, ""};
        const auto id = m_client->runPodSandbox(config);
        QVERIFY(id);
        QCOMPARE(*id, std::string("sandbox-1"));
        const auto& seen = m_service->sandboxRequest.config();
        QCOMPARE(seen.metadata().attempt(), 2U);
        QCOMPARE(seen.dns_config().options(0), std::string("ndots:5"));
        QCOMPARE(seen.port_mappings(0).host_port(), 5353);
        QCOMPARE(seen.port_mappings(0).protocol(), v1::UDP);
        QCOMPARE(seen.linux().cgroup_parent(), config.cgroupParent);
        QCOMPARE(seen.linux().security_context().namespace_options().network(), v1::NODE);
        QVERIFY(seen.linux().security_context().has_seccomp());
        QVERIFY(!seen.linux().security_context().has_run_as_user());
    }

    void aContainerConfigArrivesWhole() {
        ContainerConfig config;
        config.metadata = {"web", 1};
        config.image = "sha256:abc";
        config.envs = {{"B", "2"}, {"A", "1"}};
        config.mounts = {{.containerPath = "/data",
                          .hostPath = "/var/x",
                          .readOnly = true,
                          .propagation = MountPropagation::HostToContainer}};
        config.security.runAsUser = 0;
        config.security.dropCapabilities = {"ALL"};
        config.security.namespaces = {NamespaceMode::Pod, NamespaceMode::Container, NamespaceMode::Pod, ""};
        config.resources = {.cpuPeriod = 100000, .cpuQuota = 50000, .unified = {{"memory.min", "1"}}};
        config.stopSignal = "SIGUSR1";
        QCOMPARE(*m_client->createContainer("sandbox-1", config, {}), std::string("container-1"));
        const auto& seen = m_service->containerRequest.config();
        QCOMPARE(seen.envs(0).key(), std::string("B"));
        QVERIFY(seen.mounts(0).readonly());
        QCOMPARE(seen.mounts(0).propagation(), v1::PROPAGATION_HOST_TO_CONTAINER);
        QVERIFY(seen.linux().security_context().has_run_as_user());
        QCOMPARE(seen.linux().security_context().capabilities().drop_capabilities(0), std::string("ALL"));
        QCOMPARE(seen.linux().resources().unified().at("memory.min"), std::string("1"));
        QCOMPARE(seen.stop_signal(), v1::SIGUSR1);
    }

    void aContainerStatusIsReadWithItsTimesAndUser() {
        const auto status = m_client->containerStatus("container-1");
        QVERIFY(status);
        QCOMPARE(status->metadata.attempt, 3U);
        QVERIFY(status->state == ContainerState::Exited);
        QCOMPARE(status->startedAt.time_since_epoch().count(), 1'700'000'000'123'456);
        QCOMPARE(status->exitCode, 137);
        QCOMPARE(*status->uid, 1000);
    }

    void anErrorKeepsTheWordsOfTheRuntimeAndItsKind() {
        const auto status = m_client->containerStatus("x");
        QVERIFY(!status);
        QVERIFY(status.error().reason == Reason::NotFound);
        QCOMPARE(
            status.error().message,
            std::string(
                "rpc error: code = NotFound desc = an error occurred when try to find container \"x\": not found"));
    }

    void aCommandThatOutlivesItsLimitIsATimeout() {
        QVERIFY(m_client->execSync("container-1", {"sleep"}, 1s).error().reason == Reason::Timeout);
    }

    void aCallThatTakesTooLongEndsWithATimeout() {
        m_service->slow = true;
        Client hasty({.socket = m_socket, .callTimeout = 1s});
        QVERIFY(hasty.version().error().reason == Reason::Timeout);
    }

    void anAbsentImageIsNoError() {
        QVERIFY(!m_client->imageStatus("absent")->has_value());
        QVERIFY((*m_client->imageStatus("present"))->uid.has_value());
    }

    void eventsArriveUntilTheWatchIsStopped() {
        std::stop_source stop;
        std::vector<ContainerEvent> seen;
        const auto ended = m_client->watchContainerEvents(
            [&](const ContainerEvent& event) {
                seen.push_back(event);
                stop.request_stop();
            },
            stop.get_token());
        QVERIFY(ended);
        QCOMPARE(seen.size(), 1U);
        QVERIFY(seen[0].type == ContainerEventType::Stopped);
        QCOMPARE(seen[0].podUid, std::string("uid-1"));
    }

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_socket;
    std::unique_ptr<RecordingServer> m_service;
    std::unique_ptr<grpc::Server> m_server;
    std::unique_ptr<Client> m_client;
};

QTEST_APPLESS_MAIN(ClientTest)
#include "client_test.moc"

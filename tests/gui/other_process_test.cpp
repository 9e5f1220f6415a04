// Clusters that another process runs, in the window: seen, opened over HTTPS, told to end; and seen to end.
#include <QApplication>
#include <QLabel>
#include <QPushButton>
#include <QTemporaryDir>
#include <QtTest>
#include <boost/json.hpp>
#include <mutex>

#include "app/application.h"
#include "app/bridge/local_clusters.h"
#include "app/cluster/control_socket.h"
#include "app/pages/object_header.h"
#include "app/views/nodes_view.h"
#include "cluster/base/log.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/control_plane/control_plane.h"
#include "tests/gui/stage.h"

using namespace qd;
using namespace qd::tests;

namespace {

constexpr int kWait = 30'000;

// What `qdeck own` leaves and answers, with nodes that have no machines.
class OtherProcess {
public:
    explicit OtherProcess(const host::Directories& directories) : m_layout(directories, "dev") {
        base::Random random;
        host::ClusterSpec spec;
        spec.name = "dev";
        spec.nodes = 3;
        if (!m_layout.create(spec, random)) qFatal("no layout");
        auto ownership = host::Ownership::acquire(m_layout);
        if (!ownership) qFatal("%s", ownership.error().message.c_str());
        m_ownership.emplace(std::move(*ownership));
        control_plane::Options options;
        options.dataDir = m_layout.folder();
        options.clusterName = "quarterdeck-dev";
        options.hollowNodes = 3;
        auto started = control_plane::ControlPlane::start(options);
        if (!started) qFatal("%s", started.error().message.c_str());
        m_plane = std::move(*started);
        if (!pki::writePrivateFile(m_layout.kubeconfigFile(), m_plane->kubeconfig())) qFatal("no kubeconfig");
        auto control = cluster::ControlServer::start(
            m_layout.folder(), [this](const boost::json::object& request, const cluster::StepHandler& report) {
                return handle(request, report);
            });
        if (!control) qFatal("%s", control.error().message.c_str());
        m_control = std::move(*control);
        if (!m_ownership->publish(m_plane->serverUrl())) qFatal("not published");
    }

    void end() {
        m_plane->stop();
        static_cast<void>(m_ownership->publish({}));
        m_ownership.reset();
    }

    std::string asked() const {
        const std::lock_guard lock(m_mutex);
        return m_asked;
    }

private:
    Result<boost::json::object> handle(const boost::json::object& request, const cluster::StepHandler& report) {
        {
            const std::lock_guard lock(m_mutex);
            m_asked = boost::json::serialize(request);
        }
        report({"node-1/save", "Suspend node-1", cluster::StepState::Done});
        end();
        return boost::json::object{};
    }

    host::ClusterLayout m_layout;
    std::optional<host::Ownership> m_ownership;
    std::unique_ptr<control_plane::ControlPlane> m_plane;
    mutable std::mutex m_mutex;
    std::string m_asked;
    std::unique_ptr<cluster::ControlServer> m_control;
};

}  // namespace

class OtherProcessTest : public QObject {
    Q_OBJECT

    struct Desk {
        Desk() {
            environment.directories = {folder.filePath(QStringLiteral("data")).toStdString(),
                                       folder.filePath(QStringLiteral("state")).toStdString(),
                                       folder.filePath(QStringLiteral("cache")).toStdString()};
        }
        void show() {
            application = std::make_unique<app::Application>(
                *qApp, executor, std::make_unique<bridge::LocalClusters>(environment, executor));
            application->show();
            QVERIFY(QTest::qWaitForWindowExposed(&application->window()));
        }
        template <typename T>
        T* find(const char* name) {
            for (T* widget : application->window().findChildren<T*>(QString::fromLatin1(name)))
                if (widget->isVisible()) return widget;
            return nullptr;
        }
        QTemporaryDir folder;
        cluster::Environment environment;
        base::ThreadPool executor{"window", 8};
        std::unique_ptr<app::Application> application;
    };

private slots:
    void itIsOpenedOverHttpsAndSuspendedByItsOwner() {
        Desk desk;
        OtherProcess other(desk.environment.directories);
        desk.show();
        QTRY_VERIFY_WITH_TIMEOUT(desk.find<QPushButton>("open.dev"), kWait);
        QVERIFY(desk.find<QPushButton>("suspend.dev"));
        Stage::shoot(desk.application->window(), QStringLiteral("clusters-other-process"));
        QTest::mouseClick(desk.find<QPushButton>("open.dev"), Qt::LeftButton);
        QTRY_VERIFY(desk.find<views::NodesView>("nodesView"));
        auto* nodes = desk.find<views::NodesView>("nodesView");
        QTRY_COMPARE_WITH_TIMEOUT(nodes->model().nodes.size(), 3, kWait);
        Stage::shoot(desk.application->window(), QStringLiteral("overview-over-https"));
        desk.application->window().goTo({QStringLiteral("clusters")});
        QTRY_VERIFY(desk.find<QPushButton>("suspend.dev"));
        QTest::mouseClick(desk.find<QPushButton>("suspend.dev"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!other.asked().empty(), kWait);
        QCOMPARE(QString::fromStdString(other.asked()), QStringLiteral("{\"command\":\"stop\",\"mode\":\"save\"}"));
        QTRY_VERIFY_WITH_TIMEOUT(!desk.application->window().page(QStringLiteral("overview")), kWait);
        QTRY_VERIFY_WITH_TIMEOUT(desk.find<QPushButton>("start.dev"), kWait);
    }

    void itIsSeenToBeginAndToEndWithoutBeingAsked() {
        Desk desk;
        desk.show();
        QTRY_VERIFY(desk.find<QPushButton>("emptyCreate"));
        auto other = std::make_unique<OtherProcess>(desk.environment.directories);
        QTRY_VERIFY_WITH_TIMEOUT(desk.find<QPushButton>("open.dev"), kWait);
        QTest::mouseClick(desk.find<QPushButton>("open.dev"), Qt::LeftButton);
        QTRY_VERIFY(desk.application->window().page(QStringLiteral("overview")));
        other->end();
        QTRY_VERIFY_WITH_TIMEOUT(!desk.application->window().page(QStringLiteral("overview")), kWait);
        QTRY_VERIFY_WITH_TIMEOUT(desk.find<QPushButton>("start.dev"), kWait);
    }
};

int main(int argc, char** argv) {
    const QTemporaryDir home;
    for (const char* name : {"HOME", "XDG_CONFIG_HOME"}) qputenv(name, home.path().toUtf8());
    QApplication application(argc, argv);
    QApplication::setOrganizationName(QStringLiteral("quarterdeck"));
    QApplication::setApplicationName(QStringLiteral("quarterdeck"));
    QApplication::setQuitOnLastWindowClosed(false);
    base::setUpLogging({});
    OtherProcessTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "other_process_test.moc"

// The window. See docs/architecture.md for what lies below it.
#include <signal.h>
#include <sys/signalfd.h>

#include <QApplication>
#include <QCommandLineParser>
#include <QLibraryInfo>
#include <QSocketNotifier>
#include <QTranslator>
#include <cstdio>
#include <memory>

#include "app/application.h"
#include "app/bridge/control_plane_session.h"
#include "app/bridge/local_clusters.h"
#include "cluster/base/log.h"

namespace {

// Requests of the window, and operations on clusters, that may wait at the same time.
constexpr unsigned kThreads = 8;

// Opens a control plane of this process in a folder: for developing the window and for looking at a store.
int openControlPlane(qd::app::Application& application, qd::base::Executor& executor, const QString& folder,
                     unsigned nodes) {
    qd::control_plane::Options options;
    options.dataDir = folder.toStdString();
    options.hollowNodes = nodes;
    auto started = qd::control_plane::ControlPlane::start(options);
    if (!started) {
        std::fprintf(stderr, "quarterdeck: %s\n", started.error().message.c_str());
        return 1;
    }
    std::shared_ptr<qd::control_plane::ControlPlane> plane = std::move(*started);
    application.setKubeconfig(plane->kubeconfigEntry());
    application.open(qd::bridge::openInProcess(QStringLiteral("local"), plane, executor));
    return 0;
}

// SIGTERM and SIGINT end the program as Quit does: they are blocked before the first thread begins and read from the
// descriptor that this returns.
int blockEndSignals() {
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    return signalfd(-1, &ending, SFD_NONBLOCK | SFD_CLOEXEC);
}

void quitOn(int descriptor, QObject& parent) {
    if (descriptor < 0) return;
    auto* notifier = new QSocketNotifier(descriptor, QSocketNotifier::Read, &parent);
    QObject::connect(notifier, &QSocketNotifier::activated, &parent, [] { QApplication::quit(); });
}

}  // namespace

int main(int argc, char** argv) {
    const int endSignals = blockEndSignals();
    QApplication::setOrganizationName(QStringLiteral("quarterdeck"));
    QApplication::setApplicationName(QStringLiteral("quarterdeck"));
    QApplication::setApplicationDisplayName(QStringLiteral("Quarterdeck"));
    QApplication::setDesktopFileName(QStringLiteral("dev.quarterdeck.Quarterdeck"));
    QApplication qt(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    quitOn(endSignals, qt);
    qd::base::setUpLogging({});
    QTranslator qtWords;
    if (qtWords.load(QLocale(), QStringLiteral("qtbase"), QStringLiteral("_"),
                     QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QApplication::installTranslator(&qtWords);

    QCommandLineParser parser;
    parser.setApplicationDescription(
        QApplication::translate("main", "A real Kubernetes cluster on this machine, in a window."));
    parser.addHelpOption();
    const QCommandLineOption controlPlane(
        QStringLiteral("control-plane"),
        QApplication::translate("main", "Open a control plane alone, kept in <folder>."), QStringLiteral("folder"));
    const QCommandLineOption hollow(QStringLiteral("hollow-nodes"),
                                    QApplication::translate("main", "With so many nodes that have no machine."),
                                    QStringLiteral("count"), QStringLiteral("0"));
    parser.addOptions({controlPlane, hollow});
    parser.process(qt);

    qd::base::ThreadPool executor("window", kThreads);
    if (parser.isSet(controlPlane)) {
        qd::app::Application application(qt, executor, nullptr);
        const int failed =
            openControlPlane(application, executor, parser.value(controlPlane), parser.value(hollow).toUInt());
        if (failed != 0) return failed;
        application.show();
        return QApplication::exec();
    }
    qd::host::ClusterSpec usual;
    if (const QByteArray uri = qgetenv("QD_LIBVIRT_URI"); !uri.isEmpty()) usual.libvirtUri = uri.toStdString();
    auto clusters =
        std::make_unique<qd::bridge::LocalClusters>(qd::cluster::Environment::ofThisProgram(), executor, usual);
    qd::bridge::LocalClusters* owned = clusters.get();
    qd::app::Application application(qt, executor, std::move(clusters));
    application.show();
    const int code = QApplication::exec();
    application.window().hide();
    owned->suspendAll();
    return code;
}

#include "tests/integration/control_plane_process.h"

#include <QDeadlineTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>

namespace qd::test {
namespace {

constexpr int kStartMs = 30'000;
constexpr int kEndMs = 15'000;

}  // namespace

ControlPlaneProcess::ControlPlaneProcess(QStringList arguments) : m_arguments(std::move(arguments)) {}

ControlPlaneProcess::~ControlPlaneProcess() { kill(); }

bool ControlPlaneProcess::start() {
    m_process = std::make_unique<QProcess>();
    m_process->setStandardErrorFile(m_folder.filePath("log"), QIODevice::Append);
    const bool again = QFile::exists(kubeconfig());
    const QString port = again ? server().section(':', -1) : QStringLiteral("0");
    QFile::remove(kubeconfig());
    m_process->start(QStringLiteral(QD_QDECK), QStringList{"control-plane", "--data-dir", m_folder.filePath("data"), "--port",
                                                           port, "--kubeconfig", kubeconfig()} + m_arguments);
    if (!m_process->waitForStarted()) return false;
    const QDeadlineTimer deadline(kStartMs);
    while (!deadline.hasExpired()) {
        if (m_process->waitForFinished(20)) return false;
        if (QFile::exists(kubeconfig()) && kubectl("get --raw /readyz").ok()) return true;
    }
    return false;
}

bool ControlPlaneProcess::terminate() {
    m_process->terminate();
    return m_process->waitForFinished(kEndMs) && m_process->exitStatus() == QProcess::NormalExit && m_process->exitCode() == 0;
}

void ControlPlaneProcess::kill() {
    if (!m_process || m_process->state() == QProcess::NotRunning) return;
    m_process->kill();
    m_process->waitForFinished(kEndMs);
}

QString ControlPlaneProcess::log() const {
    QFile file(m_folder.filePath("log"));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

QString ControlPlaneProcess::server() const {
    QFile file(kubeconfig());
    if (!file.open(QIODevice::ReadOnly)) return {};
    static const QRegularExpression url(QStringLiteral("server: \"?(https://[^\\s\"]+)"));
    return url.match(QString::fromUtf8(file.readAll())).captured(1);
}

Outcome ControlPlaneProcess::kubectl(const QStringList& arguments, const QByteArray& input, int seconds) const {
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("KUBECONFIG", kubeconfig());
    environment.insert("HOME", m_folder.path());  // its discovery cache
    environment.insert("KUBE_EDITOR", m_folder.filePath("editor"));
    return runProgram(QStringLiteral(QD_KUBECTL), arguments, environment, input, seconds);
}

QString ControlPlaneProcess::value(const QString& line) const {
    const Outcome outcome = kubectl(line);
    if (!outcome.ok()) return "error: " + outcome.error;
    return outcome.out.endsWith('\n') ? outcome.out.chopped(1) : outcome.out;
}

QJsonObject ControlPlaneProcess::object(const QString& what) const {
    return QJsonDocument::fromJson(kubectl("get " + what + " -o json").out.toUtf8()).object();
}

QString ControlPlaneProcess::write(const QString& name, const QByteArray& content) const {
    const QString path = m_folder.filePath(name);
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) return {};
    return path;
}

}  // namespace qd::test

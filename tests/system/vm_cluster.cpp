#include "tests/system/vm_cluster.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <memory>

namespace qd::test {

VmCluster::VmCluster(QString name) : m_name(std::move(name)) { QDir(m_folder.path()).mkdir("kube"); }

VmCluster::~VmCluster() {
    if (QFileInfo::exists(dataFolder())) static_cast<void>(qdeck("delete " + m_name, 120));
}

QProcessEnvironment VmCluster::environment() const {
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    // The cache stays the user's: the node image is in it.
    if (!environment.contains("QD_CACHE_DIR") && !environment.contains("XDG_CACHE_HOME"))
        environment.insert("XDG_CACHE_HOME", QDir::homePath() + "/.cache");
    environment.insert("HOME", m_folder.path());
    environment.insert("XDG_DATA_HOME", m_folder.filePath("data"));
    environment.insert("XDG_STATE_HOME", m_folder.filePath("state"));
    environment.insert("XDG_CONFIG_HOME", m_folder.filePath("config"));
    environment.insert("KUBECONFIG", userKubeconfig());
    return environment;
}

Outcome VmCluster::qdeck(const QString& line, int seconds) const {
    return runProgram(QStringLiteral(QD_QDECK), QProcess::splitCommand(line), environment(), {}, seconds);
}

Outcome VmCluster::kubectl(const QString& line, const QByteArray& input, int seconds) const {
    return runProgram(QStringLiteral(QD_KUBECTL), QProcess::splitCommand(line), environment(), input, seconds);
}

std::unique_ptr<QProcess> VmCluster::startKubectl(const QString& line) const {
    auto process = std::make_unique<QProcess>();
    process->setProcessEnvironment(environment());
    process->start(QStringLiteral(QD_KUBECTL), QProcess::splitCommand(line));
    process->waitForStarted();
    return process;
}

QString VmCluster::value(const QString& line) const {
    const Outcome outcome = kubectl(line);
    return outcome.ok() ? outcome.out.trimmed() : "error: " + outcome.error;
}

QString VmCluster::write(const QString& name, const QByteArray& content) const {
    const QString path = m_folder.filePath(name);
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size()) return {};
    return path;
}

QByteArray VmCluster::logs() const {
    QByteArray all = qdeck("logs " + m_name + " --tail 60").text();
    for (const char* node : {"node-1", "node-2"})
        all += QByteArray("\n--- ") + node + "\n" + qdeck("logs " + m_name + " --tail 60 --node " + node).text();
    all += kubectl("get pods -A -o wide").text() + kubectl("get events -A").text();
    return all;
}

}  // namespace qd::test

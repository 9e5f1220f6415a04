// `qdeck control-plane` as a process of its own on loopback, and the bundled kubectl against it.
#pragma once

#include <QTemporaryDir>
#include <memory>

#include "tests/support/run_program.h"

namespace qd::test {

class ControlPlaneProcess {
public:
    // Further arguments, e.g. --hollow-nodes.
    explicit ControlPlaneProcess(QStringList arguments = {});
    ~ControlPlaneProcess();

    // Starts it and waits for its kubeconfig and /readyz; start() again after kill() opens the same data.
    bool start();
    // SIGTERM; whether it ended with code 0.
    bool terminate();
    void kill();
    // What it wrote to standard error.
    QString log() const;

    QString folder() const { return m_folder.path(); }
    QString kubeconfig() const { return m_folder.filePath("kubeconfig"); }
    QString server() const;

    Outcome kubectl(const QStringList& arguments, const QByteArray& input = {}, int seconds = 60) const;
    Outcome kubectl(const QString& line, const QByteArray& input = {}, int seconds = 60) const {
        return kubectl(QProcess::splitCommand(line), input, seconds);
    }
    // The standard output without the last line feed; "error: ..." when it failed.
    QString value(const QString& line) const;
    // An object as JSON text.
    QJsonObject object(const QString& what) const;
    // Writes a file into the folder and returns its path.
    QString write(const QString& name, const QByteArray& content) const;

private:
    QTemporaryDir m_folder;
    QStringList m_arguments;
    std::unique_ptr<QProcess> m_process;
};

}  // namespace qd::test

// A cluster of virtual machines made by qdeck, with folders of its own, inside the private libvirt that the test runs in.
#pragma once

#include <QTemporaryDir>
#include <memory>

#include "tests/support/run_program.h"

namespace qd::test {

class VmCluster {
public:
    explicit VmCluster(QString name);
    // Deletes the cluster if it is there.
    ~VmCluster();

    // Splits the line as a shell does.
    Outcome qdeck(const QString& line, int seconds = 60) const;
    Outcome kubectl(const QString& line, const QByteArray& input = {}, int seconds = 60) const;
    // One that goes on until it is ended.
    std::unique_ptr<QProcess> startKubectl(const QString& line) const;
    // The standard output without white space at its ends; "error: ..." when it failed.
    QString value(const QString& line) const;
    // A server's answer to lab's `get`, run inside a Pod: one line an answer.
    QStringList lines(const QString& line) const { return value(line).split('\n', Qt::SkipEmptyParts); }

    QString name() const { return m_name; }
    QString folder() const { return m_folder.path(); }
    // Where the cluster's own files are while it exists.
    QString dataFolder() const { return m_folder.filePath("data/quarterdeck/clusters/" + m_name); }
    QString userKubeconfig() const { return m_folder.filePath("kube/config"); }
    QString write(const QString& name, const QByteArray& content) const;
    // What the owner and the nodes wrote, for a failed test's message.
    QByteArray logs() const;

private:
    QProcessEnvironment environment() const;

    QTemporaryDir m_folder;
    QString m_name;
};

}  // namespace qd::test

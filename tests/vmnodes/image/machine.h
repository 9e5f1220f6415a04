// One virtual machine under plain qemu, without KVM and on a network that leads nowhere, for tests
// of the node image.
#pragma once

#include <QLocalSocket>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QTemporaryDir>

namespace qd::image {

class Machine {
public:
    // `image` is the image's folder.
    explicit Machine(QString image);
    ~Machine();

    void setSetting(const QString& key, const QString& value) { m_settings << "qd." + key + "=" + value; }
    void addDisk(const QString& serial, const QString& file, const QString& format, bool readOnly);
    // A data disk of its own over the image's template, of the given size.
    void addDataDisk(const QString& size);

    // Lets a port of this machine's loopback lead to a port of the guest, whose address is a 192.0.2.0/24 one (RFC 5737).
    // Call it before start(); answers this side's port, 0 when there is none.
    int forwardPort(const QString& guestAddress, int guestPort);

    // False, with what qemu said in console(), if it does not run.
    bool start();
    // What the guest wrote on its serial console so far.
    QString console() const;
    // False when the deadline passes or the machine ends before the text is there.
    bool waitForConsole(const QString& text, int seconds);
    // Runs a command in the guest's debug shell; its output, and in exitCode() its code (-1: no answer in time).
    QString shell(const QString& command, int seconds = 60);
    int exitCode() const { return m_exitCode; }
    bool pressPowerButton();
    bool waitForEnd(int seconds);

    QString folder() const { return m_folder.path(); }

private:
    QString path(const QString& name) const { return m_folder.filePath(name); }
    QJsonObject manifest() const;

    QString m_image;
    QTemporaryDir m_folder;
    QStringList m_settings;
    QStringList m_disks;
    QString m_forwards;
    QProcess m_qemu;
    QLocalSocket m_shell;
    int m_exitCode = -1;
    int m_commands = 0;
};

}  // namespace qd::image

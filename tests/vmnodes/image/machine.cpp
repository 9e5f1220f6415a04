#include "tests/vmnodes/image/machine.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTcpServer>
#include <QtTest>

namespace qd::image {

Machine::Machine(QString image) : m_image(std::move(image)) {}

Machine::~Machine() {
    if (m_qemu.state() == QProcess::NotRunning) return;
    m_qemu.kill();
    m_qemu.waitForFinished();
}

void Machine::addDisk(const QString& serial, const QString& file, const QString& format, bool readOnly) {
    const QString access = readOnly ? "on" : "off";
    m_disks << "-drive"
            << "if=none,id=" + serial + ",file=" + file + ",format=" + format + ",readonly=" + access + ",cache=unsafe"
            << "-device"
            << "virtio-blk-pci,drive=" + serial + ",serial=" + serial;
}

void Machine::addDataDisk(const QString& size) {
    const QString file = path("data.qcow2");
    const QString base = m_image + "/" + manifest()["data"].toString();
    QProcess::execute("qemu-img", {"create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", file, size});
    addDisk("qd-data", file, "qcow2", false);
}

QJsonObject Machine::manifest() const {
    QFile file(m_image + "/manifest.json");
    if (!file.open(QIODevice::ReadOnly)) return {};
    return QJsonDocument::fromJson(file.readAll()).object();
}

int Machine::forwardPort(const QString& guestAddress, int guestPort) {
    QTcpServer finder;  // of a port that is free just now
    if (!finder.listen(QHostAddress::LocalHost)) return 0;
    if (m_forwards.isEmpty()) m_forwards = ",net=192.0.2.0/24";
    m_forwards +=
        QStringLiteral(",hostfwd=tcp:127.0.0.1:%1-%2:%3").arg(finder.serverPort()).arg(guestAddress).arg(guestPort);
    return finder.serverPort();
}

bool Machine::start() {
    const QJsonObject described = manifest();
    addDisk("qd-root", m_image + "/" + described["root"].toString(), "raw", true);
    QStringList smbios{"type=11"};
    for (QString setting : m_settings) smbios << "value=" + setting.replace(",", ",,");
    // One processor: with several, emulation now and then runs code that the kernel has patched meanwhile, and about one
    // boot in forty ends in a panic. A cluster's nodes then start again by themselves.
    const QStringList arguments =
        QStringList{"-machine",   "q35",
                    "-accel",     "tcg,thread=multi,tb-size=128",
                    "-cpu",       "max",
                    "-smp",       "1",
                    "-m",         "512",
                    "-no-reboot", "-nodefaults",
                    "-display",   "none",
                    "-kernel",    m_image + "/" + described["kernel"].toString(),
                    "-initrd",    m_image + "/" + described["initramfs"].toString(),
                    "-append",    described["commandLine"].toString() + " " + described["commandLineTcg"].toString(),
                    "-smbios",    smbios.join(','),
                    "-serial",    "file:" + path("console"),
                    "-device",    "virtio-rng-pci",
                    "-netdev",    "user,id=net,restrict=on" + m_forwards,
                    "-device",    "virtio-net-pci,netdev=net,mac=52:54:00:00:00:01",
                    "-device",    "virtio-serial-pci",
                    "-chardev",   "socket,id=debug,path=" + path("debug") + ",server=on,wait=off",
                    "-device",    "virtserialport,chardev=debug,name=org.quarterdeck.debug.0",
                    "-qmp",       "unix:" + path("qmp") + ",server=on,wait=off"} +
        m_disks;
    m_qemu.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    m_qemu.start("qemu-system-x86_64", arguments);
    return m_qemu.waitForStarted();
}

QString Machine::console() const {
    QFile file(path("console"));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

bool Machine::waitForConsole(const QString& text, int seconds) {
    bool found = false;
    const auto foundOrOver = [&] {
        found = console().contains(text);
        return found || m_qemu.state() == QProcess::NotRunning;
    };
    return QTest::qWaitFor(foundOrOver, seconds * 1000) && found;
}

QString Machine::shell(const QString& command, int seconds) {
    m_exitCode = -1;
    if (m_shell.state() != QLocalSocket::ConnectedState) {
        m_shell.connectToServer(path("debug"));
        if (!m_shell.waitForConnected(5000)) return {};
    }
    // The quotes keep the mark out of what an echoing shell would send back.
    const QString mark = QStringLiteral("end-of-%1:").arg(++m_commands);
    m_shell.write((command + "\necho \"\"end-of-" + QString::number(m_commands) + ":$?\n").toUtf8());
    QByteArray answer;
    const auto answered = [&] {
        answer += m_shell.readAll();
        const qsizetype at = answer.indexOf(mark.toUtf8());
        return at >= 0 && answer.indexOf('\n', at) >= 0;
    };
    if (!QTest::qWaitFor(answered, seconds * 1000)) return QString::fromUtf8(answer);
    const qsizetype at = answer.indexOf(mark.toUtf8());
    m_exitCode = answer.mid(at + mark.size(), answer.indexOf('\n', at) - at - mark.size()).trimmed().toInt();
    return QString::fromUtf8(answer.left(at));
}

bool Machine::pressPowerButton() {
    QLocalSocket qmp;
    qmp.connectToServer(path("qmp"));
    if (!qmp.waitForConnected(5000)) return false;
    qmp.write("{\"execute\": \"qmp_capabilities\"}\n{\"execute\": \"system_powerdown\"}\n");
    QByteArray answers;
    return QTest::qWaitFor([&] { return (answers += qmp.readAll()).count("\"return\"") == 2; }, 10'000);
}

bool Machine::waitForEnd(int seconds) {
    return QTest::qWaitFor([this] { return m_qemu.state() == QProcess::NotRunning; }, seconds * 1000);
}

}  // namespace qd::image

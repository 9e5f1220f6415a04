// How long the bare node image takes from qemu's start to containerd, without libvirt and without an agent: what the
// creation of a cluster is measured by. Prints the seconds.
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QProcess>

#include <cstdio>

#include "tests/vmnodes/image/machine.h"

int main(int argc, char** argv) {
    QCoreApplication application(argc, argv);
    const QStringList words = application.arguments();
    if (words.size() != 3) {
        std::fputs("usage: boot_bench IMAGE-FOLDER SECONDS-AT-MOST\n", stderr);
        return 2;
    }
    qd::image::Machine machine(words[1]);
    machine.setSetting("hostname", "n1");
    machine.setSetting("address", "192.0.2.11/24");
    machine.addDataDisk("12G");
    QElapsedTimer sinceStart;
    sinceStart.start();
    if (!machine.start() || !machine.waitForConsole(" containerd", words[2].toInt())) {
        std::fputs(qPrintable(machine.console()), stderr);
        return 1;
    }
    std::printf("%.2f\n", static_cast<double>(sinceStart.elapsed()) / 1000);
    return 0;
}

// What is in the private libvirt that a test runs in, to see that nothing stays behind.
#pragma once

#include <QStringList>

namespace qd::test {

// The names of all machines, networks, storage pools and volumes that the private libvirt knows.
QStringList libvirtThings();

}  // namespace qd::test

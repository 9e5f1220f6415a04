// The second stage: brings the node up, then keeps its services running until the machine is to stop.
#pragma once

#include <sys/wait.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "files.h"
#include "services.h"
#include "settings.h"

namespace qd::image {

class Node {
public:
    // Returns when the machine is to stop; the value is what reboot(2) is to be told.
    int run();
    // Ends the services and everything else, and unmounts. Takes at most the `shutdown` setting and 10 seconds more.
    void stop();

private:
    Outcome<> bringUp();
    Outcome<> startAgent();
    void unpackConfiguration();
    void startDebugShell();
    void startJob();
    void openPowerButtons();

    void waitForSomething(double until);
    void readSignals();
    void readPowerButton(int fd);
    void reap();
    void tendServices();
    void watchContainerd();
    // Lets children end until `finished` or the time is over.
    void waitUntil(double deadline, const std::function<bool()>& finished);
    Service* service(const std::string& name);

    Settings m_settings;
    Descriptor m_signals;
    std::vector<Descriptor> m_buttons;
    std::vector<std::unique_ptr<Service>> m_services;
    bool m_containerdAnswers = false;
    pid_t m_job = -1;
    double m_nextClockCheck = 0;
    std::optional<int> m_stopBy;  // RB_POWER_OFF or RB_AUTOBOOT, once it is to stop
};

}  // namespace qd::image

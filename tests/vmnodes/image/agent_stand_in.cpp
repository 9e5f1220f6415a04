// Stands in for qdeck-agent in the test of the node image: it says what it was told, and ends when the machine goes
// down.
#include <fmt/core.h>
#include <openssl/crypto.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
    sigset_t ends;
    sigemptyset(&ends);
    for (const int number : {SIGPWR, SIGTERM}) sigaddset(&ends, number);
    sigprocmask(SIG_BLOCK, &ends, nullptr);

    std::string arguments;
    for (int i = 0; i < argc; ++i) arguments += std::string(" ") + argv[i];
    std::ifstream file("/run/quarterdeck/config/kubeconfig");
    const std::string kubeconfig{std::istreambuf_iterator<char>(file), {}};
    fmt::print("stand-in:{} with {} and a kubeconfig of {} bytes\n", arguments, OpenSSL_version(OPENSSL_VERSION),
               kubeconfig.size());
    std::fflush(stdout);

    int number = 0;
    sigwait(&ends, &number);
    fmt::print("stand-in: signal {}\n", number == SIGPWR ? "SIGPWR" : "SIGTERM");
}

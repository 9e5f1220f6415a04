// How other programs of the same user talk to the process that owns a cluster: a socket in the cluster's folder, one request
// a connection, JSON a line each way.
//
//     -> {"command": "stop", "mode": "save"}
//     <- {"step": {"id": "node-1/save", ...}}     any number
//     <- {"result": {...}}  or  {"error": {"reason": "Conflict", "message": ...}}
#pragma once

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <string>

#include "app/cluster/step.h"
#include "cluster/base/executor.h"

namespace qd::cluster {

// Runs on the socket's thread, one request at a time, and may take its time.
using ControlHandler = std::function<Result<boost::json::object>(const boost::json::object& request, const StepHandler& report)>;

class ControlServer {
public:
    // Listens in the cluster's folder, in the place of what a killed owner left.
    static Result<std::unique_ptr<ControlServer>> start(const std::string& folder, ControlHandler handler);
    // Waits for the request that is being handled. The socket is removed.
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

private:
    ControlServer(std::string folder, int listener, int wake, ControlHandler handler);
    void serve();
    void answer(int connection);

    std::string m_folder;
    int m_listener;
    int m_wake;
    ControlHandler m_handler;
    base::Thread m_thread;
};

// Asks the owner. ServiceUnavailable when it does not answer, else what it answered.
Result<boost::json::object> askOwner(const std::string& folder, const boost::json::object& request, const StepHandler& report);

// Lines of JSON over a file descriptor; also how an owner that is being started reports to who started it.
class JsonLines {
public:
    explicit JsonLines(int file) : m_file(file) {}
    // False when the other side is gone.
    bool write(const boost::json::object& line);
    // nullopt at the end; lines that are no JSON object are an error.
    Result<std::optional<boost::json::object>> read();
    // Reads steps until the result or error comes. ServiceUnavailable when the end comes first.
    Result<boost::json::object> readOutcome(const StepHandler& report);

private:
    int m_file;
    std::string m_buffer;
};

}  // namespace qd::cluster

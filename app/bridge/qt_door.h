#pragma once

#include <QMetaObject>
#include <QObject>
#include <functional>
#include <memory>
#include <mutex>

namespace qd::bridge {

// The way from other threads to an object of the Qt thread: they hold the door, not the object. It is closed by the
// object's destructor; tasks posted after that are dropped, so is what has not run yet.
class QtDoor {
public:
    explicit QtDoor(QObject& object) : m_object(&object) {}
    // Any thread: runs the task on the object's thread, from its event loop.
    void post(std::function<void()> task) {
        const std::lock_guard lock(m_mutex);
        if (m_object) QMetaObject::invokeMethod(m_object, std::move(task), Qt::QueuedConnection);
    }
    void close() {
        const std::lock_guard lock(m_mutex);
        m_object = nullptr;
    }

private:
    std::mutex m_mutex;
    QObject* m_object;
};

}  // namespace qd::bridge

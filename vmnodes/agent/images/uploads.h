// Archives on their way to this node: each comes in parts, one after the other, into a file on the data disk.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "cluster/base/result.h"
#include "cluster/base/time.h"

namespace qd::agent::images {

class Uploads {
public:
    // Empties the folder: what an earlier agent left there nobody will complete.
    Uploads(std::string folder, const base::Clock& clock);

    // Puts the bytes at the file's end and answers its size then. Offset 0 begins anew; another one that is not the
    // size is a Conflict that names the size. An id is up to 64 letters, digits and dashes. A file that cannot be
    // written, as on a full disk, is removed.
    Result<std::uint64_t> append(const std::string& id, std::uint64_t offset, std::string_view bytes);
    // The file of an upload; it is no longer one, and the caller removes it. NotFound.
    Result<std::string> take(const std::string& id);
    void remove(const std::string& id);

private:
    struct Upload {
        std::uint64_t size = 0;
        base::SteadyTime touched{};
    };
    std::string pathOf(const std::string& id) const { return m_folder + "/" + id; }
    void dropAbandoned();

    const std::string m_folder;
    const base::Clock& m_clock;
    std::mutex m_mutex;
    std::map<std::string, Upload> m_uploads;  // guarded by m_mutex
    std::uint64_t m_taken = 0;                // guarded by m_mutex
};

}  // namespace qd::agent::images

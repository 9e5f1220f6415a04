#include "vmnodes/agent/volumes/mounter.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace qd::agent::volumes {
namespace {

namespace fs = std::filesystem;

base::Failure failed(const std::string& what) {
    return fail(Reason::InternalError, what + ": " + std::strerror(errno));
}

class Descriptor {
public:
    explicit Descriptor(int number) : m_number(number) {}
    Descriptor(Descriptor&& other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(m_number, other.m_number);
        return *this;
    }
    ~Descriptor() {
        if (m_number >= 0) ::close(m_number);
    }
    int get() const { return m_number; }

private:
    int m_number;
};

bool isMountPoint(const std::string& path) {
    struct stat here {
    }, above{};
    return ::lstat(path.c_str(), &here) == 0 && ::lstat((path + "/..").c_str(), &above) == 0 &&
           here.st_dev != above.st_dev;
}

// Opens a path with the volume as its root: no link and no ".." leads out of it.
Descriptor openBelow(int volume, const std::string& relative) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    return Descriptor(static_cast<int>(::syscall(SYS_openat2, volume, relative.c_str(), &how, sizeof how)));
}

class SystemMounter final : public Mounter {
public:
    Result<void> mountMemory(const std::string& folder, std::uint64_t bytes) override {
        if (isMountPoint(folder)) return {};
        const std::string options = bytes > 0 ? "mode=0777,size=" + std::to_string(bytes) : "mode=0777";
        if (::mount("tmpfs", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
            return failed("cannot mount memory on " + folder);
        return {};
    }

    Result<void> bindBelow(const std::string& volume, const std::string& relative, const std::string& target) override {
        const Descriptor root(::open(volume.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (root.get() < 0) return failed("cannot open the volume " + volume);
        Descriptor source = openBelow(root.get(), relative);
        if (source.get() < 0 && errno == ENOENT) {
            if (auto made = makeBelow(root.get(), relative); !made) return made;
            source = openBelow(root.get(), relative);
        }
        if (source.get() < 0) return failed("cannot open " + relative + " in the volume " + volume);
        struct stat status {};
        ::fstat(source.get(), &status);
        if (auto prepared = prepareTarget(target, S_ISDIR(status.st_mode)); !prepared) return prepared;
        const std::string from = "/proc/self/fd/" + std::to_string(source.get());
        if (::mount(from.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
            return failed("cannot mount " + relative + " of the volume " + volume);
        return {};
    }

    Result<void> unmount(const std::string& path) override {
        if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0 || errno == EINVAL || errno == ENOENT) return {};
        return failed("cannot unmount " + path);
    }

private:
    static Result<void> makeBelow(int volume, const std::string& relative) {
        fs::path done;
        for (const fs::path& part : fs::path(relative)) {
            if (part == "..") return fail(Reason::BadRequest, "the subPath " + relative + " must not contain ..");
            const Descriptor parent = openBelow(volume, done.empty() ? "." : done.string());
            if (parent.get() < 0) return failed("cannot open " + done.string());
            if (::mkdirat(parent.get(), part.c_str(), 0750) != 0 && errno != EEXIST)
                return failed("cannot make " + relative);
            ::fchmodat(parent.get(), part.c_str(), 0777, 0);
            done /= part;
        }
        return {};
    }

    static Result<void> prepareTarget(const std::string& target, bool directory) {
        std::error_code error;
        fs::create_directories(directory ? fs::path(target) : fs::path(target).parent_path(), error);
        if (directory) return {};
        const Descriptor file(::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
        if (file.get() < 0) return failed("cannot make " + target);
        return {};
    }
};

}  // namespace

std::unique_ptr<Mounter> systemMounter() {
    return std::make_unique<SystemMounter>();
}

}  // namespace qd::agent::volumes

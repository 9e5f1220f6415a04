// Frames of SPDY/3.1 (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/), which runtimes' streaming
// servers speak and no maintained C++ library does. Text in, text out: nothing here knows a socket. One reader and one
// writer belong to one connection, as header compression has a state.
//
// Flow control is the caller's: Kubernetes' servers (moby/spdystream) neither keep nor announce windows, and lean on
// TCP's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cluster/base/result.h"

namespace qd::agent::server::spdy {

// Names in lower case; several values of one name are joined by NUL.
using HeaderBlock = std::vector<std::pair<std::string, std::string>>;

struct SynStream {
    std::uint32_t stream = 0;  // odd when a client opens it
    std::uint32_t associated = 0;
    std::uint8_t priority = 0;  // 0 (highest) to 7
    bool fin = false;
    bool unidirectional = false;
    HeaderBlock headers;
    bool operator==(const SynStream&) const = default;
};
struct SynReply {
    std::uint32_t stream = 0;
    bool fin = false;
    HeaderBlock headers;
    bool operator==(const SynReply&) const = default;
};
struct HeadersFrame {
    std::uint32_t stream = 0;
    bool fin = false;
    HeaderBlock headers;
    bool operator==(const HeadersFrame&) const = default;
};
// The reader hands on what it has of a long frame: one frame may come as several, the last of which has its flag.
struct Data {
    std::uint32_t stream = 0;
    bool fin = false;
    std::string bytes;
    bool operator==(const Data&) const = default;
};
struct RstStream {
    std::uint32_t stream = 0;
    std::uint32_t status = 0;
    bool operator==(const RstStream&) const = default;
};
struct Setting {
    std::uint32_t id = 0;  // 24 bits
    std::uint8_t flags = 0;
    std::uint32_t value = 0;
    bool operator==(const Setting&) const = default;
};
struct Settings {
    bool clear = false;
    std::vector<Setting> entries;
    bool operator==(const Settings&) const = default;
};
struct Ping {
    std::uint32_t id = 0;  // odd from a client, even from a server; the other one sends it back
    bool operator==(const Ping&) const = default;
};
struct GoAway {
    std::uint32_t lastGoodStream = 0;
    std::uint32_t status = 0;
    bool operator==(const GoAway&) const = default;
};
struct WindowUpdate {
    std::uint32_t stream = 0;
    std::uint32_t delta = 0;
    bool operator==(const WindowUpdate&) const = default;
};

using Frame = std::variant<SynStream, SynReply, HeadersFrame, Data, RstStream, Settings, Ping, GoAway, WindowUpdate>;

class FrameWriter {
public:
    FrameWriter();
    ~FrameWriter();
    FrameWriter(FrameWriter&&) noexcept;
    FrameWriter& operator=(FrameWriter&&) noexcept;
    // Data longer than a frame can hold becomes several frames.
    std::string write(const Frame& frame);

private:
    class Deflater;
    std::unique_ptr<Deflater> m_deflater;
};

class FrameReader {
public:
    FrameReader();
    ~FrameReader();
    FrameReader(FrameReader&&) noexcept;
    FrameReader& operator=(FrameReader&&) noexcept;
    // The frames that are complete with these bytes. Control frames of types that the specification does not name are
    // left out, as it asks. After an error the connection is of no more use.
    Result<std::vector<Frame>> feed(std::string_view bytes);

private:
    class Inflater;
    struct Control;
    Result<void> next(std::vector<Frame>& frames, bool& more);
    Result<void> control(const Control& frame, std::vector<Frame>& frames);

    std::unique_ptr<Inflater> m_inflater;
    std::string m_buffer;
    Data m_data;                      // the frame whose bytes are coming: its stream and flag
    std::uint32_t m_dataMissing = 0;  // how many are still to come
};

}  // namespace qd::agent::server::spdy

#include "vmnodes/agent/server/spdy_frames.h"

#include <zlib.h>

#include <algorithm>

#include "vmnodes/agent/server/spdy_dictionary.h"

namespace qd::agent::server::spdy {
namespace {

constexpr std::uint16_t kVersion = 3;
constexpr std::size_t kFrameHead = 8;
constexpr std::size_t kMostData = (1U << 24) - 1;
constexpr std::size_t kMostControl = 256 * 1024;  // of one control frame
constexpr std::size_t kMostHeaders = 256 * 1024;  // of one block of headers, unpacked
constexpr std::uint8_t kFin = 1;
constexpr std::uint8_t kUnidirectional = 2;
constexpr std::uint8_t kClearSettings = 1;

enum class Type : std::uint16_t {
    SynStream = 1,
    SynReply = 2,
    RstStream = 3,
    Settings = 4,
    Ping = 6,
    GoAway = 7,
    Headers = 8,
    WindowUpdate = 9,
};

void put(std::string& out, std::uint32_t number, int size = 4) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size = 4) {
    std::uint32_t result = 0;
    for (std::size_t i = 0; i < size; ++i) result = result << 8 | static_cast<unsigned char>(bytes[at + i]);
    return result;
}

std::uint32_t streamAt(std::string_view bytes, std::size_t at) {
    return number(bytes, at) & 0x7fffffff;
}

std::string controlFrame(Type type, std::uint8_t flags, std::string_view payload) {
    std::string out;
    put(out, 0x8000 | kVersion, 2);
    put(out, static_cast<std::uint16_t>(type), 2);
    put(out, flags, 1);
    put(out, static_cast<std::uint32_t>(payload.size()), 3);
    return out.append(payload);
}

std::string blockText(const HeaderBlock& headers) {
    std::string text;
    put(text, static_cast<std::uint32_t>(headers.size()));
    for (const auto& [name, value] : headers)
        for (const std::string& part : {std::cref(name), std::cref(value)}) {
            put(text, static_cast<std::uint32_t>(part.size()));
            text += part;
        }
    return text;
}

base::Failure broken(const char* what) {
    return fail(Reason::InternalError, std::string("the peer's SPDY is broken: ") + what);
}

// Takes one text with its length from the front of `block`.
bool take(std::string_view& block, std::string& text) {
    if (block.size() < 4) return false;
    const std::uint32_t size = number(block, 0);
    if (block.size() - 4 < size) return false;
    text = block.substr(4, size);
    block.remove_prefix(4 + size);
    return true;
}

Result<HeaderBlock> parseBlock(std::string_view block) {
    if (block.size() < 4) return broken("a block of headers is cut off");
    HeaderBlock headers;
    const std::uint32_t count = number(block, 0);
    block.remove_prefix(4);
    for (std::uint32_t i = 0; i < count; ++i) {
        auto& [name, value] = headers.emplace_back();
        if (!take(block, name) || !take(block, value)) return broken("a block of headers is cut off");
    }
    return headers;
}

Bytef* input(std::string_view text) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib reads only
}

}  // namespace

// --- writing ---

class FrameWriter::Deflater {
public:
    Deflater() {
        deflateInit(&m_state, Z_BEST_COMPRESSION);
        const std::string& dictionary = headerDictionary();
        deflateSetDictionary(&m_state, input(dictionary), static_cast<uInt>(dictionary.size()));
    }
    ~Deflater() { deflateEnd(&m_state); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    std::string pack(std::string_view text) {
        std::string out(deflateBound(&m_state, text.size()) + 64, '\0');
        m_state.next_in = input(text);
        m_state.avail_in = static_cast<uInt>(text.size());
        m_state.next_out = reinterpret_cast<Bytef*>(out.data());
        m_state.avail_out = static_cast<uInt>(out.size());
        deflate(&m_state, Z_SYNC_FLUSH);
        out.resize(out.size() - m_state.avail_out);
        return out;
    }

private:
    z_stream m_state{};
};

FrameWriter::FrameWriter() : m_deflater(std::make_unique<Deflater>()) {}
FrameWriter::~FrameWriter() = default;
FrameWriter::FrameWriter(FrameWriter&&) noexcept = default;
FrameWriter& FrameWriter::operator=(FrameWriter&&) noexcept = default;

std::string FrameWriter::write(const Frame& frame) {
    struct Visitor {
        Deflater& deflater;

        std::string operator()(const SynStream& one) const {
            std::string payload;
            put(payload, one.stream);
            put(payload, one.associated);
            put(payload, static_cast<std::uint32_t>(one.priority) << 5, 1);
            put(payload, 0, 1);  // no client certificate's slot
            payload += deflater.pack(blockText(one.headers));
            const int flags = (one.fin ? kFin : 0) | (one.unidirectional ? kUnidirectional : 0);
            return controlFrame(Type::SynStream, static_cast<std::uint8_t>(flags), payload);
        }
        std::string withHeaders(Type type, std::uint32_t stream, bool fin, const HeaderBlock& headers) const {
            std::string payload;
            put(payload, stream);
            payload += deflater.pack(blockText(headers));
            return controlFrame(type, fin ? kFin : 0, payload);
        }
        std::string operator()(const SynReply& one) const {
            return withHeaders(Type::SynReply, one.stream, one.fin, one.headers);
        }
        std::string operator()(const HeadersFrame& one) const {
            return withHeaders(Type::Headers, one.stream, one.fin, one.headers);
        }
        std::string operator()(const Data& one) const {
            std::string out;
            std::size_t at = 0;
            do {
                const std::string_view part = std::string_view(one.bytes).substr(at, kMostData);
                at += part.size();
                put(out, one.stream);
                put(out, one.fin && at == one.bytes.size() ? kFin : 0, 1);
                put(out, static_cast<std::uint32_t>(part.size()), 3);
                out += part;
            } while (at < one.bytes.size());
            return out;
        }
        static std::string pair(Type type, std::uint32_t first, std::uint32_t second) {
            std::string payload;
            put(payload, first);
            put(payload, second);
            return controlFrame(type, 0, payload);
        }
        std::string operator()(const RstStream& one) const { return pair(Type::RstStream, one.stream, one.status); }
        std::string operator()(const GoAway& one) const { return pair(Type::GoAway, one.lastGoodStream, one.status); }
        std::string operator()(const WindowUpdate& one) const {
            return pair(Type::WindowUpdate, one.stream, one.delta);
        }
        std::string operator()(const Settings& one) const {
            std::string payload;
            put(payload, static_cast<std::uint32_t>(one.entries.size()));
            for (const Setting& entry : one.entries) {
                put(payload, entry.flags, 1);
                put(payload, entry.id, 3);
                put(payload, entry.value);
            }
            return controlFrame(Type::Settings, one.clear ? kClearSettings : 0, payload);
        }
        std::string operator()(const Ping& one) const {
            std::string payload;
            put(payload, one.id);
            return controlFrame(Type::Ping, 0, payload);
        }
    };
    return std::visit(Visitor{*m_deflater}, frame);
}

// --- reading ---

class FrameReader::Inflater {
public:
    Inflater() { inflateInit(&m_state); }
    ~Inflater() { inflateEnd(&m_state); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    Result<HeaderBlock> unpack(std::string_view packed) {
        std::string out;
        m_state.next_in = input(packed);
        m_state.avail_in = static_cast<uInt>(packed.size());
        while (true) {
            char part[4096];
            m_state.next_out = reinterpret_cast<Bytef*>(part);
            m_state.avail_out = sizeof part;
            const int result = inflate(&m_state, Z_SYNC_FLUSH);
            if (result == Z_NEED_DICT) {
                const std::string& dictionary = headerDictionary();
                if (inflateSetDictionary(&m_state, input(dictionary), static_cast<uInt>(dictionary.size())) != Z_OK)
                    return broken("headers are packed with another dictionary");
                continue;
            }
            if (result != Z_OK && result != Z_BUF_ERROR) return broken("headers cannot be unpacked");
            out.append(part, sizeof part - m_state.avail_out);
            if (out.size() > kMostHeaders) return broken("headers are too long");
            if (m_state.avail_out != 0) return parseBlock(out);
        }
    }

private:
    z_stream m_state{};
};

struct FrameReader::Control {
    Type type;
    std::uint8_t flags;
    std::string_view payload;
};

FrameReader::FrameReader() : m_inflater(std::make_unique<Inflater>()) {}
FrameReader::~FrameReader() = default;
FrameReader::FrameReader(FrameReader&&) noexcept = default;
FrameReader& FrameReader::operator=(FrameReader&&) noexcept = default;

Result<std::vector<Frame>> FrameReader::feed(std::string_view bytes) {
    m_buffer += bytes;
    std::vector<Frame> frames;
    for (bool more = true; more;)
        if (auto read = next(frames, more); !read) return fail(read.error());
    return frames;
}

Result<void> FrameReader::next(std::vector<Frame>& frames, bool& more) {
    if (m_dataMissing > 0) {
        Data part = m_data;
        part.bytes = m_buffer.substr(0, m_dataMissing);
        m_buffer.erase(0, part.bytes.size());
        m_dataMissing -= static_cast<std::uint32_t>(part.bytes.size());
        part.fin = m_data.fin && m_dataMissing == 0;
        more = m_dataMissing == 0;
        if (!part.bytes.empty()) frames.emplace_back(std::move(part));
        return {};
    }
    more = m_buffer.size() >= kFrameHead;
    if (!more) return {};
    const std::uint32_t length = number(m_buffer, 5, 3);
    const auto flags = static_cast<std::uint8_t>(m_buffer[4]);
    if ((number(m_buffer, 0) & 0x80000000) == 0) {
        m_data = {streamAt(m_buffer, 0), (flags & kFin) != 0, {}};
        if (m_data.stream == 0) return broken("data of stream 0");
        m_dataMissing = length;
        m_buffer.erase(0, kFrameHead);
        if (length == 0) frames.emplace_back(m_data);
        return {};
    }
    if ((number(m_buffer, 0, 2) & 0x7fff) != kVersion) return broken("a version other than 3");
    if (length > kMostControl) return broken("a control frame is too long");
    more = m_buffer.size() >= kFrameHead + length;
    if (!more) return {};
    const Control frame{static_cast<Type>(number(m_buffer, 2, 2)), flags,
                        std::string_view(m_buffer).substr(kFrameHead, length)};
    auto read = control(frame, frames);
    m_buffer.erase(0, kFrameHead + length);
    return read;
}

Result<void> FrameReader::control(const Control& frame, std::vector<Frame>& frames) {
    const std::string_view payload = frame.payload;
    const auto holds = [&](std::size_t size) { return payload.size() >= size; };
    const bool fin = (frame.flags & kFin) != 0;
    switch (frame.type) {
        case Type::SynStream: {
            if (!holds(10)) break;
            auto headers = m_inflater->unpack(payload.substr(10));
            if (!headers) return fail(headers.error());
            frames.emplace_back(SynStream{streamAt(payload, 0), streamAt(payload, 4),
                                          static_cast<std::uint8_t>(number(payload, 8, 1) >> 5), fin,
                                          (frame.flags & kUnidirectional) != 0, std::move(*headers)});
            return {};
        }
        case Type::SynReply:
        case Type::Headers: {
            if (!holds(4)) break;
            auto headers = m_inflater->unpack(payload.substr(4));
            if (!headers) return fail(headers.error());
            if (frame.type == Type::SynReply)
                frames.emplace_back(SynReply{streamAt(payload, 0), fin, std::move(*headers)});
            else
                frames.emplace_back(HeadersFrame{streamAt(payload, 0), fin, std::move(*headers)});
            return {};
        }
        case Type::RstStream:
            if (!holds(8)) break;
            frames.emplace_back(RstStream{streamAt(payload, 0), number(payload, 4)});
            return {};
        case Type::Settings: {
            if (!holds(4) || number(payload, 0) > (payload.size() - 4) / 8) break;
            Settings settings{(frame.flags & kClearSettings) != 0, {}};
            for (std::uint32_t i = 0; i < number(payload, 0); ++i) {
                const std::size_t at = 4 + std::size_t{8} * i;
                settings.entries.push_back({number(payload, at + 1, 3),
                                            static_cast<std::uint8_t>(number(payload, at, 1)),
                                            number(payload, at + 4)});
            }
            frames.emplace_back(std::move(settings));
            return {};
        }
        case Type::Ping:
            if (!holds(4)) break;
            frames.emplace_back(Ping{number(payload, 0)});
            return {};
        case Type::GoAway:
            if (!holds(4)) break;
            // SPDY/3 servers may leave the status out.
            frames.emplace_back(GoAway{streamAt(payload, 0), holds(8) ? number(payload, 4) : 0});
            return {};
        case Type::WindowUpdate:
            if (!holds(8)) break;
            frames.emplace_back(WindowUpdate{streamAt(payload, 0), streamAt(payload, 4)});
            return {};
        default:
            return {};
    }
    return broken("a control frame is too short");
}

}  // namespace qd::agent::server::spdy

// The wire format: tags, varints and lengths. Source: https://protobuf.dev/programming-guides/encoding/.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace qd::api {

enum class WireType : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

// Writes from the end to the beginning, so that the length of a message is known when it is written in front of it.
class ReverseWriter {
public:
    ReverseWriter() : m_buffer(new char[kFirst]), m_capacity(kFirst), m_begin(kFirst) {}

    std::size_t size() const { return m_capacity - m_begin; }
    std::string_view view() const { return {m_buffer.get() + m_begin, size()}; }
    std::string take() const { return std::string(view()); }

    void bytes(std::string_view text) {
        reserve(text.size());
        m_begin -= text.size();
        if (!text.empty()) std::memcpy(m_buffer.get() + m_begin, text.data(), text.size());
    }
    void varint(std::uint64_t value) {
        reserve(10);
        const int length = (std::bit_width(value | 1) + 6) / 7;
        m_begin -= static_cast<std::size_t>(length);
        char* at = m_buffer.get() + m_begin;
        for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
        *at = static_cast<char>(value);
    }
    void fixed64(std::uint64_t value) {
        reserve(8);
        m_begin -= 8;
        for (int i = 0; i < 8; ++i)
            m_buffer[m_begin + static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * i));
    }
    void tag(std::uint32_t number, WireType type) { varint(number << 3 | static_cast<std::uint32_t>(type)); }

    void field(std::uint32_t number, std::uint64_t value) {
        varint(value);
        tag(number, WireType::Varint);
    }
    void field(std::uint32_t number, std::string_view text) {
        bytes(text);
        lengthSince(number, size() - text.size());
    }
    // The tag and length of what has been written since the size was `before`.
    void lengthSince(std::uint32_t number, std::size_t before) {
        varint(size() - before);
        tag(number, WireType::Bytes);
    }

private:
    static constexpr std::size_t kFirst = 4096;

    void reserve(std::size_t more) {
        if (m_begin >= more) return;
        const std::size_t used = size();
        std::size_t capacity = m_capacity * 2;
        while (capacity - used < more) capacity *= 2;
        std::unique_ptr<char[]> larger(new char[capacity]);
        std::memcpy(larger.get() + capacity - used, m_buffer.get() + m_begin, used);
        m_buffer = std::move(larger);
        m_capacity = capacity;
        m_begin = capacity - used;
    }

    std::unique_ptr<char[]> m_buffer;
    std::size_t m_capacity;
    std::size_t m_begin;
};

// Reads fields until the end; a malformed field ends it with failed().
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : m_rest(bytes) {}

    struct Value {
        std::uint32_t number = 0;
        WireType type = WireType::Varint;
        std::uint64_t integer = 0;  // of Varint, Fixed64 and Fixed32
        std::string_view bytes;     // of Bytes
    };
    bool next(Value& value) {
        if (m_rest.empty() || m_failed) return false;
        const std::uint64_t tag = varint();
        value.number = static_cast<std::uint32_t>(tag >> 3);
        value.type = static_cast<WireType>(tag & 7);
        switch (value.type) {
            case WireType::Varint:
                value.integer = varint();
                break;
            case WireType::Fixed64:
                value.integer = fixed(8);
                break;
            case WireType::Fixed32:
                value.integer = fixed(4);
                break;
            case WireType::Bytes:
                value.bytes = take(varint());
                break;
            default:
                m_failed = true;
        }
        if (value.number == 0) m_failed = true;
        return !m_failed;
    }
    bool failed() const { return m_failed; }

private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (m_rest.empty()) break;
            const auto byte = static_cast<unsigned char>(m_rest.front());
            m_rest.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        m_failed = true;
        return 0;
    }
    std::uint64_t fixed(std::size_t size) {
        std::uint64_t value = 0;
        const std::string_view raw = take(size);
        for (std::size_t i = 0; i < raw.size(); ++i)
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
        return value;
    }
    std::string_view take(std::uint64_t size) {
        if (size > m_rest.size()) {
            m_failed = true;
            return {};
        }
        const std::string_view taken = m_rest.substr(0, size);
        m_rest.remove_prefix(size);
        return taken;
    }

    std::string_view m_rest;
    bool m_failed = false;
};

}  // namespace qd::api

// An owning pointer with the interface of std::optional: copying a Box copies what is in it. Where Go's types have a
// pointer to a struct, ours have a Box, which also works for types that hold themselves.
#pragma once

#include <cassert>
#include <optional>
#include <utility>

namespace qd::api {

template <typename T>
class Box {
public:
    Box() noexcept = default;
    Box(std::nullopt_t) noexcept {}
    Box(const T& value);
    Box(T&& value);
    Box(const Box& other);
    Box(Box&& other) noexcept : m_value(std::exchange(other.m_value, nullptr)) {}
    Box& operator=(const Box& other);
    Box& operator=(Box&& other) noexcept {
        std::swap(m_value, other.m_value);
        return *this;
    }
    ~Box() {
        if (m_value) reset();
    }

    bool has_value() const noexcept { return m_value != nullptr; }
    explicit operator bool() const noexcept { return m_value != nullptr; }
    T& operator*() {
        assert(m_value);
        return *m_value;
    }
    const T& operator*() const {
        assert(m_value);
        return *m_value;
    }
    T* operator->() {
        assert(m_value);
        return m_value;
    }
    const T* operator->() const {
        assert(m_value);
        return m_value;
    }
    // Null when empty.
    T* get() noexcept { return m_value; }
    const T* get() const noexcept { return m_value; }

    // Replaces the content with a new default value.
    T& emplace();
    // The content, made first when there is none.
    T& ensure() { return m_value ? *m_value : emplace(); }
    void reset() noexcept;

    bool operator==(const Box& other) const;

private:
    T* m_value = nullptr;
};

// Not inline: generated code instantiates these once a type and every header declares that it did.
template <typename T>
Box<T>::Box(const T& value) : m_value(new T(value)) {}

template <typename T>
Box<T>::Box(T&& value) : m_value(new T(std::move(value))) {}

template <typename T>
Box<T>::Box(const Box& other) : m_value(other.m_value ? new T(*other.m_value) : nullptr) {}

template <typename T>
Box<T>& Box<T>::operator=(const Box& other) {
    if (this != &other) {
        T* copy = other.m_value ? new T(*other.m_value) : nullptr;
        reset();
        m_value = copy;
    }
    return *this;
}

template <typename T>
T& Box<T>::emplace() {
    reset();
    m_value = new T();
    return *m_value;
}

template <typename T>
void Box<T>::reset() noexcept {
    delete std::exchange(m_value, nullptr);
}

template <typename T>
bool Box<T>::operator==(const Box& other) const {
    return m_value && other.m_value ? *m_value == *other.m_value : m_value == other.m_value;
}

}  // namespace qd::api

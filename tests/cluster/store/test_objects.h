// Objects and the rest of what the store's tests need.
#pragma once

#include <QTemporaryDir>
#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cluster/store/store.h"

namespace qd::store::test {

struct Note final : api::Object {
    std::string text;
    const api::Struct& descriptor() const override { qFatal("not asked for by a store"); }
    std::unique_ptr<api::Object> clone() const override { return std::make_unique<Note>(*this); }
};

inline std::unique_ptr<Note> note(std::string text, std::string uid = "uid") {
    auto object = std::make_unique<Note>();
    object->text = std::move(text);
    object->metadata.uid = std::move(uid);
    return object;
}

inline const std::string& textOf(const EntryPtr& entry) {
    return static_cast<const Note&>(*entry->object()).text;
}
inline const std::string& versionOf(const EntryPtr& entry) {
    return entry->object()->metadata.resourceVersion;
}

// "uid|text"; "broken" cannot be decoded.
class NoteCodec final : public Codec {
public:
    std::string encode(const api::Object& object) const override {
        return object.metadata.uid + '|' + static_cast<const Note&>(object).text;
    }
    Result<std::unique_ptr<api::Object>> decode(std::string_view bytes) const override {
        ++decoded;
        const std::size_t bar = bytes.find('|');
        if (bar == std::string_view::npos || bytes.substr(bar + 1) == unreadable) {
            return fail(Reason::InternalError, "no note");
        }
        return note(std::string(bytes.substr(bar + 1)), std::string(bytes.substr(0, bar)));
    }

    mutable std::atomic<int> decoded = 0;
    std::string unreadable = "unreadable";
};

inline Key key(std::string name, std::string namespace_ = "default", std::string resource = "notes") {
    return {std::move(resource), std::move(namespace_), std::move(name)};
}

inline Write create(Key at, std::string text, std::string actor = "tester", Revision cause = 0) {
    return {.operation = Operation::Create,
            .key = std::move(at),
            .object = note(std::move(text)),
            .actor = std::move(actor),
            .cause = cause};
}
inline Write update(Key at, std::string text, std::optional<Revision> expected = std::nullopt) {
    return {.operation = Operation::Update,
            .key = std::move(at),
            .object = note(std::move(text)),
            .expectedRevision = expected,
            .actor = "tester"};
}
inline Write remove(Key at, std::optional<Revision> expected = std::nullopt) {
    return {.operation = Operation::Delete,
            .key = std::move(at),
            .object = nullptr,
            .expectedRevision = expected,
            .actor = "tester"};
}

// Submits and waits until it is on disk. Ends the test program when it is refused, which no caller expects.
inline EntryPtr written(Store& store, Write write) {
    SubmitResult result = store.submit(std::move(write));
    if (!result) qFatal("refused: %s", result.error().error.message.c_str());
    const Result<void> done = result->ticket.wait();
    if (!done) qFatal("failed: %s", done.error().message.c_str());
    return result->entry;
}

// A store in a directory of its own that can be closed and opened again.
class Fixture {
public:
    explicit Fixture(Options withOptions = {}, bool onDisk = true) : options(std::move(withOptions)) {
        if (onDisk) options.file = std::filesystem::path(directory.path().toStdString()) / "cluster.db";
        open();
    }
    void open() {
        auto opened = Store::open(options, codec, clock);
        if (!opened) qFatal("cannot open: %s", opened.error().message.c_str());
        store = std::move(*opened);
    }
    void reopen() {
        store.reset();
        open();
    }

    QTemporaryDir directory;
    NoteCodec codec;
    base::SystemClock clock;
    Options options;
    std::unique_ptr<Store> store;
};

// "namespace/name" of each, in order.
inline std::vector<std::string> pathsOf(const std::vector<EntryPtr>& entries) {
    std::vector<std::string> paths;
    for (const EntryPtr& entry : entries) paths.push_back(entry->key().path());
    return paths;
}

// "+a@2 ~a@3 -a@4"
inline std::string spelled(const std::vector<EventPtr>& events) {
    std::string text;
    for (const EventPtr& event : events) {
        if (!text.empty()) text += ' ';
        text += event->operation == Operation::Create ? '+' : event->operation == Operation::Update ? '~' : '-';
        text += event->entry->key().name + '@' + std::to_string(event->entry->revision());
    }
    return text;
}

}  // namespace qd::store::test

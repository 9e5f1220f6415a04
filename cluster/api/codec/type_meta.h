// The kind and apiVersion of kinds that carry them as members.
#pragma once

#include <string>

#include "cluster/api/descriptor.h"

namespace qd::api {

// A new Status or DeleteOptions names itself; one inside of another object does so only when the text that is decoded
// does.
inline void clearTypeMeta(const Struct& structure, void* value) {
    if (!structure.kind || structure.isObject) return;
    for (const char* name : {"kind", "apiVersion"}) {
        std::size_t offset = 0;
        if (structure.find(name, &offset))
            static_cast<std::string*>(static_cast<void*>(static_cast<std::byte*>(value) + offset))->clear();
    }
}

}  // namespace qd::api

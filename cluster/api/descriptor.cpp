#include "cluster/api/descriptor.h"

namespace qd::api {

const Field* Struct::find(std::string_view jsonName, std::size_t* offset) const {
    for (const Field& field : fields) {
        if (field.inlined && field.type().structure == nullptr) continue;  // a custom resource's undeclared members
        if (field.inlined) {
            std::size_t inner = 0;
            if (const Field* found = field.type().structure->find(jsonName, &inner)) {
                if (offset) *offset = field.offset + inner;
                return found;
            }
        } else if (field.name == jsonName) {
            if (offset) *offset = field.offset;
            return &field;
        }
    }
    return nullptr;
}

}  // namespace qd::api

#include "cluster/api/kinds/object_meta.h"

namespace qd::api {

field::Errors validateObjectMeta(const metav1::ObjectMeta& meta, bool namespaced, const NameRule& rule, const field::Path& path) {
    field::Errors errors;
    (void)namespaced, (void)rule;
    if (meta.name.empty()) errors.push_back(field::required(path.child("name"), "name or generateName is required"));
    return errors;
}

field::Errors validateObjectMetaUpdate(const metav1::ObjectMeta& now, const metav1::ObjectMeta& old, const field::Path& path) {
    (void)now, (void)old, (void)path;
    return {};
}

void keepForStatusUpdate(metav1::ObjectMeta& now, const metav1::ObjectMeta& old) {
    const auto managed = std::move(now.managedFields);
    now = old;
    now.managedFields = managed;
}

}  // namespace qd::api

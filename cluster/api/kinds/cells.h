// What the columns of `kubectl get` are made of.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables; the spelling of ages,
// selectors and image lists is upstream's, because scripts read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/api/kinds/kind.h"
#include "cluster/api/types/core_v1.h"
#include "cluster/api/types/meta_v1.h"

namespace qd::api {

Column nameColumn(int priority = 0);
Column ageColumn();
Column wide(Column column);  // shown with -o wide only
// A column that a field of T describes.
Column fieldColumn(std::string name, std::string type, const Struct& structure, std::string_view field);
template <typename T>
Column fieldColumn(std::string name, std::string type, std::string_view field) {
    return fieldColumn(std::move(name), std::move(type), T::kDescriptor, field);
}
Column textColumn(std::string name, std::string description);
// Containers and Images of a Pod template, both wide.
std::vector<Column> containerColumns();

// "5s", "3m20s", "2d4h": the longest time that still tells something.
std::string humanDuration(base::Duration duration);
// How long ago; "<unknown>" for the zero time.
std::string ageText(const Time& time, base::WallTime now);
std::string ageText(const MicroTime& time, base::WallTime now);
// Labels as "a=b,c=d"; "<none>" when there are none.
std::string labelsText(const Map<std::string>& labels);
std::string selectorText(const metav1::LabelSelector* selector);
std::string joined(const std::vector<std::string>& values, std::string_view separator = ",");
std::string containerNames(const std::vector<corev1::Container>& containers);
std::string containerImages(const std::vector<corev1::Container>& containers);
std::string orNone(std::string text);

}  // namespace qd::api

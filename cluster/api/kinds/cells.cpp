#include "cluster/api/kinds/cells.h"

#include <fmt/format.h>

#include "cluster/api/meta/selectors.h"

namespace qd::api {

Column fieldColumn(std::string name, std::string type, const Struct& structure, std::string_view fieldName) {
    Column column{.name = std::move(name), .type = std::move(type)};
    if (const Field* member = structure.find(fieldName)) {
        // The list of an enum's values is OpenAPI's addition.
        column.description = member->doc.substr(0, member->doc.find("\n\nPossible enum values:"));
    }
    return column;
}

Column nameColumn(int priority) {
    Column column = fieldColumn<metav1::ObjectMeta>("Name", "string", "name");
    column.format = "name";
    column.priority = priority;
    return column;
}

Column ageColumn() { return fieldColumn<metav1::ObjectMeta>("Age", "string", "creationTimestamp"); }

Column wide(Column column) {
    column.priority = 1;
    return column;
}

Column textColumn(std::string name, std::string description) {
    return {.name = std::move(name), .type = "string", .description = std::move(description)};
}

std::vector<Column> containerColumns() {
    return {wide(textColumn("Containers", "Names of each container in the template.")),
            wide(textColumn("Images", "Images referenced by each container in the template."))};
}

std::string humanDuration(base::Duration duration) {
    const std::int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    if (seconds < -1) return "<invalid>";
    if (seconds < 0) return "0s";
    if (seconds < 120) return fmt::format("{}s", seconds);
    const auto two = [](std::int64_t large, char largeUnit, std::int64_t small, char smallUnit) {
        return small == 0 ? fmt::format("{}{}", large, largeUnit) : fmt::format("{}{}{}{}", large, largeUnit, small, smallUnit);
    };
    const std::int64_t minutes = seconds / 60;
    if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
    if (minutes < 180) return fmt::format("{}m", minutes);
    const std::int64_t hours = minutes / 60;
    if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
    if (hours < 48) return fmt::format("{}h", hours);
    const std::int64_t days = hours / 24;
    if (days < 8) return two(days, 'd', hours % 24, 'h');
    if (days < 730) return fmt::format("{}d", days);
    if (days < 365 * 8) return two(days / 365, 'y', days % 365, 'd');
    return fmt::format("{}y", days / 365);
}

std::string ageText(const Time& time, base::WallTime now) {
    if (time.isZero()) return "<unknown>";
    return humanDuration(now - time.wall());
}

std::string ageText(const MicroTime& time, base::WallTime now) {
    if (time.isZero()) return "<unknown>";
    return humanDuration(now - time.wall());
}

std::string labelsText(const Map<std::string>& labels) {
    if (labels.empty()) return "<none>";
    std::string text;
    for (const auto& [key, value] : labels) text += (text.empty() ? "" : ",") + key + "=" + value;
    return text;
}

std::string selectorText(const metav1::LabelSelector* selector) {
    if (!selector) return "<none>";
    const auto parsed = LabelSelector::from(*selector);
    if (!parsed) return "<error>";
    return orNone(parsed->toString());
}

std::string joined(const std::vector<std::string>& values, std::string_view separator) { return fmt::format("{}", fmt::join(values, separator)); }

std::string containerNames(const std::vector<corev1::Container>& containers) {
    std::vector<std::string> names;
    for (const auto& container : containers) names.push_back(container.name);
    return joined(names);
}

std::string containerImages(const std::vector<corev1::Container>& containers) {
    std::vector<std::string> images;
    for (const auto& container : containers) images.push_back(container.image);
    return joined(images);
}

std::string orNone(std::string text) { return text.empty() ? "<none>" : text; }

}  // namespace qd::api

#include "app/models/field_owners.h"

#include <QCoreApplication>
#include <algorithm>
#include <boost/json.hpp>

#include "app/models/words.h"
#include "app/models/writers.h"

namespace qd::models {

namespace {

struct Owners {
    Q_DECLARE_TR_FUNCTIONS(qd::models::FieldOwners)
};

constexpr int kDepth = 2;       // "spec.template" says enough
constexpr qsizetype kMost = 8;  // of one writer; the YAML has them all

// The field of a key of FieldsV1: "f:spec" is spec; keys of list items ("k:", "v:") and "." are not fields.
QString fieldOf(std::string_view key) {
    return key.starts_with("f:") ? toQString(key.substr(2)) : QString();
}

void collect(const boost::json::object& tree, const QString& path, int depth, QStringList& fields) {
    for (const auto& [key, below] : tree) {
        const QString name = fieldOf(key);
        if (name.isEmpty()) continue;
        const QString here = path.isEmpty() ? name : path + u'.' + name;
        const boost::json::object* deeper = below.if_object();
        const bool leaf = !deeper || std::none_of(deeper->begin(), deeper->end(),
                                                  [](const auto& entry) { return entry.key().starts_with("f:"); });
        if (leaf || depth + 1 >= kDepth)
            fields << here;
        else
            collect(*deeper, here, depth + 1, fields);
    }
}

QStringList fieldsOf(const metav1::ManagedFieldsEntry& entry) {
    QStringList fields;
    if (!entry.fieldsV1) return fields;
    boost::json::error_code error;
    const boost::json::value tree = boost::json::parse(entry.fieldsV1->raw, error);
    if (error || !tree.is_object()) return fields;
    collect(tree.get_object(), {}, 0, fields);
    const qsizetype all = fields.size();
    if (all > kMost) {
        fields.resize(kMost);
        //: At the end of a list of fields: how many more there are.
        fields << Owners::tr("and %n more", nullptr, static_cast<int>(all - kMost));
    }
    return fields;
}

}  // namespace

QVector<FieldOwner> fieldOwnersOf(const api::Object& object, base::WallTime now) {
    std::vector<const metav1::ManagedFieldsEntry*> entries;
    for (const metav1::ManagedFieldsEntry& entry : object.metadata.managedFields) entries.push_back(&entry);
    std::stable_sort(entries.begin(), entries.end(),
                     [](const metav1::ManagedFieldsEntry* a, const metav1::ManagedFieldsEntry* b) {
                         return a->time && b->time && *a->time > *b->time;
                     });
    QVector<FieldOwner> owners;
    for (const metav1::ManagedFieldsEntry* entry : entries) {
        FieldOwner owner;
        owner.who = writerText(writerOf(entry->manager));
        //: Who wrote through which subresource of an object: "controllers, status".
        if (!entry->subresource.empty()) owner.who = Owners::tr("%1, %2").arg(owner.who, toQString(entry->subresource));
        if (entry->time) owner.when = ageText(*entry->time, now);
        owner.fields = fieldsOf(*entry);
        owners.push_back(std::move(owner));
    }
    return owners;
}

}  // namespace qd::models

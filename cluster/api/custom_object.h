// An object of a kind that a CustomResourceDefinition defines (or of any kind that is not compiled in): its content is
// a JSON tree.
#pragma once

#include <boost/json/object.hpp>

#include "cluster/api/object.h"

namespace qd::api {

class CustomObject final : public Object {
public:
    CustomObject(std::string apiVersion, std::string kind);
    CustomObject(const CustomObject&);
    CustomObject& operator=(const CustomObject&);
    ~CustomObject() override;

    const Struct& descriptor() const override;  // knows metadata only
    std::unique_ptr<Object> clone() const override;
    std::string_view apiVersion() const override { return m_apiVersion; }
    std::string_view kind() const override { return m_kind; }
    const CustomObject* asCustom() const override { return this; }
    // What conversion between versions changes.
    void setApiVersion(std::string apiVersion) { m_apiVersion = std::move(apiVersion); }

    // Everything but apiVersion, kind and metadata.
    boost::json::object content;

    // The whole object, members sorted by name on every level as the API server writes custom resources.
    std::string toJson() const;
    boost::json::object toTree() const;
    // Takes apiVersion, kind and metadata out of the tree and keeps the rest. BadRequest when metadata is none.
    static Result<CustomObject> fromTree(boost::json::object tree);

    bool operator==(const CustomObject& other) const;

private:
    std::string m_apiVersion;
    std::string m_kind;
};

}  // namespace qd::api

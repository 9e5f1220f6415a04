#pragma once

#include "app/pages/kind_page.h"

namespace qd::pages {

// What Pods are given, what namespaces may use, and who may do what.
class ConfigurationPage : public KindPage {
    Q_OBJECT
public:
    explicit ConfigurationPage(const Context& context, QWidget* parent = nullptr);
};

}  // namespace qd::pages

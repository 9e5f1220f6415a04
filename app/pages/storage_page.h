#pragma once

#include "app/pages/kind_page.h"

namespace qd::pages {

// Claims, volumes, classes and attachments.
class StoragePage : public KindPage {
    Q_OBJECT
public:
    explicit StoragePage(const Context& context, QWidget* parent = nullptr);
};

}  // namespace qd::pages

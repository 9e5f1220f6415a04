// Deletes bootstrap tokens whose time is over.
#pragma once

#include "cluster/controllers/runtime/controller.h"

namespace qd::controllers {

class TokenCleanerController final : public Controller {
public:
    explicit TokenCleanerController(Context& context);
    Result<Outcome> sync(const std::string& key) override;

private:
    Context& m_context;
    client::Informer& m_secrets;
};

}  // namespace qd::controllers

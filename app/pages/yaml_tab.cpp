#include "app/pages/yaml_tab.h"

#include <QHBoxLayout>
#include <QVBoxLayout>
#include <boost/json.hpp>

#include "app/actions/yaml_documents.h"
#include "app/models/words.h"
#include "app/pages/roles.h"

namespace qd::pages {

namespace {

// Managed fields are the longest part of most objects and nobody reads them here.
std::string readable(const std::string& json) {
    boost::json::error_code error;
    boost::json::value value = boost::json::parse(json, error);
    if (error || !value.is_object()) return json;
    if (auto* metadata = value.get_object().if_contains("metadata"); metadata && metadata->is_object())
        metadata->get_object().erase("managedFields");
    return actions::writeYaml(value);
}

}  // namespace

YamlTab::YamlTab(const shell::Theme& theme, bridge::ClusterSession& session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_editor(new YamlEditor(theme, this)),
      //: Button: begins to edit the object's YAML.
      m_edit(new QPushButton(tr("Edit"), this)),
      //: Button: sends the edited YAML to the cluster.
      m_apply(new QPushButton(tr("Apply"), this)),
      m_cancel(new QPushButton(tr("Discard"), this)),
      m_message(new QLabel(this)) {
    m_edit->setObjectName(QStringLiteral("yamlEdit"));
    m_apply->setObjectName(QStringLiteral("yamlApply"));
    m_cancel->setObjectName(QStringLiteral("yamlDiscard"));
    m_message->setObjectName(QStringLiteral("yamlMessage"));
    m_apply->setProperty("primary", true);
    m_message->setWordWrap(true);
    m_message->setTextFormat(Qt::PlainText);
    m_message->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, theme.ipx(4), 0, 0);
    layout->setSpacing(theme.ipx(8));
    layout->addWidget(m_editor, 1);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(theme.ipx(12), 0, theme.ipx(12), theme.ipx(12));
    row->addWidget(m_message, 1);
    row->addWidget(m_cancel);
    row->addWidget(m_edit);
    row->addWidget(m_apply);
    layout->addLayout(row);
    connect(m_edit, &QPushButton::clicked, this, &YamlTab::edit);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        setEditing(false);
        say({}, false);
        load();
    });
    connect(m_apply, &QPushButton::clicked, this, &YamlTab::apply);
    setEditing(false);
}

void YamlTab::setObject(const bridge::ObjectKey& key, const std::string& uid, const std::string& resourceVersion) {
    const bool other = uid != m_uid;
    if (!other && resourceVersion == m_version) return;
    m_version = resourceVersion;
    if (!other && m_editing) {
        say(tr("The object has changed meanwhile. Applying will say so if your change no longer fits."), false);
        return;
    }
    m_key = key;
    m_uid = uid;
    m_loaded = false;
    setEditing(false);
    say({}, false);
    load();
}

void YamlTab::load() {
    if (m_uid.empty()) {
        m_editor->replaceText({});
        return;
    }
    const int request = ++m_request;
    m_session.get(m_key, this, [this, request](const Result<std::string>& answer) {
        // Who begins to edit before the text has come still gets it.
        if (request != m_request || (m_editing && m_loaded)) return;
        m_loaded = m_loaded || answer.has_value();
        if (answer)
            m_editor->replaceText(models::toQString(readable(*answer)));
        else
            say(models::toQString(answer.error().message), true);
    });
}

void YamlTab::edit() {
    if (m_uid.empty()) return;
    setEditing(true);
    m_editor->setFocus();
}

void YamlTab::setEditing(bool editing) {
    m_editing = editing;
    m_editor->setReadOnly(!editing);
    m_editor->markLine(0);
    m_edit->setVisible(!editing);
    m_apply->setVisible(editing);
    m_cancel->setVisible(editing);
}

void YamlTab::apply() {
    const std::string text = m_editor->text().toStdString();
    const auto documents = actions::parseYaml(text);
    if (!documents) {
        say(models::toQString(documents.error().message), true);
        m_editor->markLine(actions::lineOf(documents.error()));
        return;
    }
    if (documents->size() != 1) {
        say(tr("Leave exactly one document: the object that is being edited."), true);
        return;
    }
    m_apply->setEnabled(false);
    m_session.update(m_key, boost::json::serialize(documents->front().value), this,
                     [this](const Result<std::string>& answer) {
                         m_apply->setEnabled(true);
                         if (!answer) {
                             say(models::toQString(answer.error().message), true);
                             return;
                         }
                         setEditing(false);
                         say(tr("Applied."), false);
                         m_editor->replaceText(models::toQString(readable(*answer)));
                         emit applied(models::toQString(m_key.name));
                     });
}

void YamlTab::say(const QString& text, bool failed) {
    m_message->setText(text);
    setRole(*m_message, failed ? QStringLiteral("failed") : QStringLiteral("muted"));
}

}  // namespace qd::pages

#pragma once

#include <QLabel>
#include <QPushButton>
#include <QWidget>

#include "app/bridge/cluster_session.h"
#include "app/pages/yaml_editor.h"

namespace qd::pages {

// The object as YAML: to read, and after Edit to change and apply. What the server says to a change stands under it.
class YamlTab : public QWidget {
    Q_OBJECT
public:
    YamlTab(const shell::Theme& theme, bridge::ClusterSession& session, QWidget* parent = nullptr);
    // Shows another object, or a newer version of the same; an edit that has begun is kept.
    void setObject(const bridge::ObjectKey& key, const std::string& uid, const std::string& resourceVersion);
    void edit();
    bool isEditing() const { return m_editing; }

signals:
    void applied(const QString& name);

private:
    void load();
    void setEditing(bool editing);
    void apply();
    void say(const QString& text, bool failed);

    bridge::ClusterSession& m_session;
    YamlEditor* m_editor;
    QPushButton* m_edit;
    QPushButton* m_apply;
    QPushButton* m_cancel;
    QLabel* m_message;
    bridge::ObjectKey m_key;
    std::string m_uid;
    std::string m_version;
    bool m_editing = false;
    bool m_loaded = false;  // whether the editor shows this object's text
    int m_request = 0;      // answers to older ones are late
};

}  // namespace qd::pages

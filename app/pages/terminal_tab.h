#pragma once

#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QWidget>
#include <memory>

#include "app/bridge/cluster_session.h"
#include "app/shell/theme.h"
#include "app/views/terminal_view.h"

namespace qd::pages {

// A shell inside a container. It begins when asked for, not when looked at: it is a process in somebody's Pod.
class TerminalTab : public QWidget {
    Q_OBJECT
public:
    TerminalTab(const shell::Theme& theme, bridge::ClusterSession& session, QWidget* parent = nullptr);
    void setPod(const std::string& space, const std::string& name, const QStringList& containers);
    void start();

private:
    void end(const QString& note);
    QString noteFor(const QString& error) const;

    bridge::ClusterSession& m_session;
    QWidget* m_bar;
    QComboBox* m_container;
    QPushButton* m_start;
    QLabel* m_note;
    views::TerminalView* m_terminal;
    std::string m_space;
    std::string m_pod;
    std::unique_ptr<bridge::ByteStream> m_stream;
};

}  // namespace qd::pages

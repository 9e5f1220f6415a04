#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QToolButton>
#include <memory>

#include "app/bridge/cluster_session.h"
#include "app/shell/theme.h"

namespace qd::pages {

// What a container writes, as it writes it. Follows the end unless the reader scrolls up; Ctrl F searches.
class LogTab : public QWidget {
    Q_OBJECT
public:
    LogTab(const shell::Theme& theme, bridge::ClusterSession& session, QWidget* parent = nullptr);
    // Which Pod; an empty one shows nothing. The stream begins when the tab is seen.
    void setPod(const std::string& space, const std::string& name, const QStringList& containers);
    static constexpr int kMostLines = 50'000;

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    QWidget* makeBar();
    void restart();
    void append(const QByteArray& bytes);
    void ended(const QString& error);
    void find(bool backwards);
    void highlight();

    const shell::Theme& m_theme;
    bridge::ClusterSession& m_session;
    QComboBox* m_container;
    QCheckBox* m_previous;
    QCheckBox* m_follow;
    QLineEdit* m_search;
    QLabel* m_note;
    QPlainTextEdit* m_text;
    std::string m_space;
    std::string m_pod;
    QByteArray m_pending;  // an incomplete character or escape sequence
    std::unique_ptr<bridge::ByteStream> m_stream;
};

// The text without terminal escape sequences and carriage returns; `rest` keeps what is not complete yet.
QString plainLog(const QByteArray& bytes, QByteArray& rest);

}  // namespace qd::pages

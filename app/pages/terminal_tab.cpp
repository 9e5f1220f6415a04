#include "app/pages/terminal_tab.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace qd::pages {

TerminalTab::TerminalTab(const shell::Theme& theme, bridge::ClusterSession& session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_container(new QComboBox(this)),
      //: Button: starts a shell in the chosen container.
      m_start(new QPushButton(tr("Open shell"), this)),
      m_note(new QLabel(this)),
      m_terminal(new views::TerminalView(theme, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(4), theme.ipx(10), theme.ipx(4), theme.ipx(8));
    auto* row = new QHBoxLayout;
    row->setContentsMargins(theme.ipx(8), 0, theme.ipx(8), 0);
    m_container->setObjectName(QStringLiteral("terminalContainer"));
    m_container->setAccessibleName(tr("Container"));
    m_start->setObjectName(QStringLiteral("terminalStart"));
    m_note->setProperty("role", QStringLiteral("muted"));
    m_note->setWordWrap(true);
    row->addWidget(m_container);
    row->addWidget(m_note, 1);
    row->addWidget(m_start);
    layout->addLayout(row);
    layout->addWidget(m_terminal, 1);
    connect(m_start, &QPushButton::clicked, this, &TerminalTab::start);
    connect(m_terminal, &views::TerminalView::typed, this, [this](const QByteArray& bytes) {
        if (m_stream) m_stream->write(bytes);
    });
    connect(m_terminal, &views::TerminalView::sizeChanged, this, [this](int columns, int rows) {
        if (m_stream) m_stream->resize(columns, rows);
    });
    end({});
}

void TerminalTab::setPod(const std::string& space, const std::string& name, const QStringList& containers) {
    if (space == m_space && name == m_pod) return;
    m_space = space;
    m_pod = name;
    m_container->clear();
    m_container->addItems(containers);
    m_container->setVisible(containers.size() > 1);
    m_stream.reset();
    m_terminal->reset();
    end({});
}

void TerminalTab::start() {
    if (m_pod.empty()) return;
    m_terminal->reset();
    bridge::ExecRequest request;
    request.space = m_space;
    request.pod = m_pod;
    request.container = m_container->currentText().toStdString();
    // The best shell that the image has.
    request.command = {"/bin/sh", "-c", "command -v bash >/dev/null && exec bash || exec sh"};
    request.columns = m_terminal->columns();
    request.rows = m_terminal->rows();
    m_stream = m_session.exec(request);
    connect(m_stream.get(), &bridge::ByteStream::received, m_terminal, &views::TerminalView::feed);
    connect(m_stream.get(), &bridge::ByteStream::closed, this,
            [this](const QString& error) { end(error.isEmpty() ? tr("The shell has ended.") : error); });
    m_start->setEnabled(false);
    m_note->setText({});
    m_terminal->setFocus();
}

void TerminalTab::end(const QString& note) {
    m_start->setEnabled(!m_pod.empty());
    m_note->setText(note);
    if (m_stream) m_stream.release()->deleteLater();
}

}  // namespace qd::pages

#include "app/pages/terminal_tab.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace qd::pages {

namespace {
// How the runtimes say that the image has no such program, runc and crun each in its way.
bool saysThereIsNoShell(const QString& error) {
    return error.contains(QStringLiteral("/bin/sh")) &&
           error.contains(QStringLiteral("no such file or directory"), Qt::CaseInsensitive);
}
}  // namespace

TerminalTab::TerminalTab(const shell::Theme& theme, bridge::ClusterSession& session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_bar(new QWidget(this)),
      m_container(new QComboBox(m_bar)),
      //: Button: starts a shell in the chosen container.
      m_start(new QPushButton(tr("Open shell"), m_bar)),
      m_note(new QLabel(this)),
      m_terminal(new views::TerminalView(theme, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(4), theme.ipx(10), theme.ipx(4), theme.ipx(8));
    layout->setSpacing(theme.ipx(10));
    auto* row = new QHBoxLayout(m_bar);
    row->setContentsMargins(theme.ipx(8), 0, theme.ipx(8), 0);
    m_container->setObjectName(QStringLiteral("terminalContainer"));
    m_container->setAccessibleName(tr("Container"));
    m_start->setObjectName(QStringLiteral("terminalStart"));
    m_note->setObjectName(QStringLiteral("terminalNote"));
    m_note->setProperty("role", QStringLiteral("muted"));
    m_note->setWordWrap(true);
    m_note->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_note->setContentsMargins(theme.ipx(8), 0, theme.ipx(8), 0);
    row->addWidget(m_start);
    row->addWidget(m_container);
    row->addStretch(1);
    layout->addWidget(m_bar);
    layout->addWidget(m_note);
    layout->addWidget(m_terminal, 1);
    layout->addStretch(0);
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
    m_terminal->hide();
    end({});
}

void TerminalTab::start() {
    if (m_pod.empty()) return;
    m_note->hide();
    m_bar->setVisible(m_container->count() > 1);  // a running shell wants the room
    m_start->setEnabled(false);
    m_terminal->show();
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
    connect(m_stream.get(), &bridge::ByteStream::closed, this, [this](const QString& error) { end(noteFor(error)); });
    m_terminal->setFocus();
}

QString TerminalTab::noteFor(const QString& error) const {
    if (error.isEmpty()) return tr("The shell has ended.");
    if (!saysThereIsNoShell(error)) return error;
    //: %1 is a container's name, %2 a command to type elsewhere.
    return tr("The image of %1 has no shell. A container beside it can have one: %2")
        .arg(m_container->currentText(),
             QStringLiteral("kubectl debug -n %1 -it %2 --image=busybox --target=%3")
                 .arg(QString::fromStdString(m_space), QString::fromStdString(m_pod), m_container->currentText()));
}

void TerminalTab::end(const QString& note) {
    m_bar->show();
    m_start->setEnabled(!m_pod.empty());
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
    if (m_terminal->text().trimmed().isEmpty()) m_terminal->hide();
    if (m_stream) m_stream.release()->deleteLater();
}

}  // namespace qd::pages

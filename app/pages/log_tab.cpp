#include "app/pages/log_tab.h"

#include <QHBoxLayout>
#include <QScrollBar>
#include <QShortcut>
#include <QSignalBlocker>
#include <QStringDecoder>
#include <QVBoxLayout>

#include "app/pages/roles.h"

namespace qd::pages {

namespace {

// How many bytes at the end belong to a UTF-8 character whose rest has not come yet.
qsizetype incompleteTail(const QByteArray& bytes) {
    for (qsizetype back = 1; back <= qMin<qsizetype>(3, bytes.size()); ++back) {
        const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
        if ((byte & 0xC0) == 0x80) continue;
        const qsizetype length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        return length > back ? back : 0;
    }
    return 0;
}

// The end of the escape sequence that begins at `at`; -1 when it is not complete.
qsizetype endOfEscape(const QByteArray& bytes, qsizetype at) {
    if (at + 1 >= bytes.size()) return -1;
    if (bytes[at + 1] != '[') return at + 2;
    for (qsizetype i = at + 2; i < bytes.size(); ++i)
        if (bytes[i] >= 0x40 && bytes[i] <= 0x7E) return i + 1;
    return -1;
}

}  // namespace

QString plainLog(const QByteArray& bytes, QByteArray& rest) {
    QByteArray all = rest + bytes;
    rest.clear();
    QByteArray plain;
    plain.reserve(all.size());
    for (qsizetype i = 0; i < all.size();) {
        if (all[i] == '\x1b') {
            const qsizetype end = endOfEscape(all, i);
            if (end < 0) {
                rest = all.mid(i);
                break;
            }
            i = end;
            continue;
        }
        if (all[i] != '\r') plain += all[i];
        ++i;
    }
    if (rest.isEmpty()) {
        const qsizetype tail = incompleteTail(plain);
        rest = plain.right(tail);
        plain.chop(tail);
    }
    return QString::fromUtf8(plain);
}

LogTab::LogTab(const shell::Theme& theme, bridge::ClusterSession& session, QWidget* parent)
    : QWidget(parent),
      m_theme(theme),
      m_session(session),
      m_container(new QComboBox(this)),
      //: Shows what the container wrote before it was restarted.
      m_previous(new QCheckBox(tr("Last run"), this)),
      //: Keeps the newest line in sight.
      m_follow(new QCheckBox(tr("Follow"), this)),
      m_search(new QLineEdit(this)),
      m_note(new QLabel(this)),
      m_text(new QPlainTextEdit(this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(12), theme.ipx(10), theme.ipx(12), theme.ipx(12));
    layout->setSpacing(theme.ipx(8));
    layout->addWidget(makeBar());
    layout->addWidget(m_text, 1);
    layout->addWidget(m_note);
    m_text->setObjectName(QStringLiteral("logText"));
    //: Accessible name of the text that a container wrote.
    m_text->setAccessibleName(tr("Log"));
    m_text->setReadOnly(true);
    m_text->setWordWrapMode(QTextOption::WrapAnywhere);
    m_text->setMaximumBlockCount(kMostLines);
    m_text->setFont(theme.fonts().name);
    m_note->setProperty("role", QStringLiteral("muted"));
    m_note->setWordWrap(true);
    m_note->hide();
    connect(m_container, &QComboBox::currentIndexChanged, this, &LogTab::restart);
    connect(m_previous, &QCheckBox::toggled, this, &LogTab::restart);
    connect(m_follow, &QCheckBox::toggled, this, [this](bool on) {
        if (on) m_text->verticalScrollBar()->setValue(m_text->verticalScrollBar()->maximum());
    });
    connect(m_search, &QLineEdit::returnPressed, this, [this] { find(false); });
    connect(m_search, &QLineEdit::textChanged, this, &LogTab::highlight);
    auto* shortcut = new QShortcut(QKeySequence(QKeySequence::Find), this);
    shortcut->setContext(Qt::WidgetWithChildrenShortcut);
    connect(shortcut, &QShortcut::activated, m_search, qOverload<>(&QWidget::setFocus));
    connect(&theme, &shell::Theme::changed, this, [this] { m_text->setFont(m_theme.fonts().name); });
}

QWidget* LogTab::makeBar() {
    auto* bar = new QWidget(this);
    auto* layout = new QHBoxLayout(bar);
    layout->setContentsMargins(0, 0, 0, 0);
    m_container->setObjectName(QStringLiteral("logContainer"));
    //: Accessible name of the box that chooses the container.
    m_container->setAccessibleName(tr("Container"));
    m_previous->setObjectName(QStringLiteral("logPrevious"));
    m_follow->setObjectName(QStringLiteral("logFollow"));
    m_follow->setChecked(true);
    m_search->setObjectName(QStringLiteral("logSearch"));
    m_search->setPlaceholderText(tr("Search"));
    m_search->setAccessibleName(tr("Search in the log"));
    m_search->setClearButtonEnabled(true);
    layout->addWidget(m_container);
    layout->addWidget(m_search, 1);
    layout->addWidget(m_previous);
    layout->addWidget(m_follow);
    return bar;
}

void LogTab::setPod(const std::string& space, const std::string& name, const QStringList& containers) {
    QStringList known;
    for (int i = 0; i < m_container->count(); ++i) known << m_container->itemText(i);
    if (space == m_space && name == m_pod && known == containers) return;
    m_space = space;
    m_pod = name;
    {
        const QSignalBlocker blocker(m_container);
        m_container->clear();
        m_container->addItems(containers);
        m_container->setVisible(containers.size() > 1);
    }
    restart();
}

void LogTab::restart() {
    m_stream.reset();
    m_pending.clear();
    m_text->clear();
    m_note->hide();
    if (m_pod.empty() || !isVisible()) return;
    bridge::LogRequest request;
    request.space = m_space;
    request.pod = m_pod;
    request.container = m_container->currentText().toStdString();
    request.previous = m_previous->isChecked();
    request.follow = !request.previous;
    m_stream = m_session.logs(request);
    connect(m_stream.get(), &bridge::ByteStream::received, this, &LogTab::append);
    connect(m_stream.get(), &bridge::ByteStream::closed, this, &LogTab::ended);
}

void LogTab::append(const QByteArray& bytes) {
    QString text = plainLog(bytes, m_pending);
    if (text.isEmpty()) return;
    QScrollBar* bar = m_text->verticalScrollBar();
    const int place = bar->value();
    QTextCursor end(m_text->document());
    end.movePosition(QTextCursor::End);
    end.insertText(text);
    bar->setValue(m_follow->isChecked() ? bar->maximum() : place);
}

void LogTab::ended(const QString& error) {
    setRole(*m_note, error.isEmpty() ? QStringLiteral("muted") : QStringLiteral("failed"));
    //: Under a log: the container writes no more.
    m_note->setText(error.isEmpty() ? tr("The container has ended.") : error);
    m_note->show();
}

void LogTab::find(bool backwards) {
    const QString wanted = m_search->text();
    if (wanted.isEmpty()) return;
    const auto flags = backwards ? QTextDocument::FindBackward : QTextDocument::FindFlags();
    m_follow->setChecked(false);
    if (m_text->find(wanted, flags)) return;
    m_text->moveCursor(backwards ? QTextCursor::End : QTextCursor::Start);
    m_text->find(wanted, flags);
}

void LogTab::highlight() {
    QList<QTextEdit::ExtraSelection> found;
    const QString wanted = m_search->text();
    QTextCursor at(m_text->document());
    // As many as anyone looks at; the rest is found by Enter.
    while (!wanted.isEmpty() && found.size() < 1000) {
        at = m_text->document()->find(wanted, at);
        if (at.isNull()) break;
        QTextEdit::ExtraSelection selection;
        selection.cursor = at;
        selection.format.setBackground(shell::over(m_theme.palette().panel, m_theme.palette().starting, 0.35));
        found << selection;
    }
    m_text->setExtraSelections(found);
}

void LogTab::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (!m_stream) restart();
}

void LogTab::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    m_stream.reset();
}

}  // namespace qd::pages

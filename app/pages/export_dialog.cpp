#include "app/pages/export_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QSaveFile>
#include <QVBoxLayout>

#include "app/models/words.h"
#include "app/pages/roles.h"

namespace qd::pages {

ExportDialog::ExportDialog(const shell::Theme& theme, client::KubeconfigEntry entry, std::filesystem::path userFile,
                           const base::Clock& clock, QWidget* parent)
    : QDialog(parent),
      m_theme(theme),
      m_entry(std::move(entry)),
      m_userFile(std::move(userFile)),
      m_clock(clock),
      m_makeCurrent(new QCheckBox(tr("Make it the current context"), this)),
      m_merge(new QPushButton(tr("Merge"), this)),
      m_save(new QPushButton(tr("Save as…"), this)),
      m_copy(new QPushButton(tr("Copy"), this)),
      m_message(new QLabel(this)) {
    setObjectName(QStringLiteral("exportDialog"));
    setWindowTitle(tr("Export kubeconfig"));
    setMinimumWidth(theme.ipx(560));
    m_makeCurrent->setObjectName(QStringLiteral("export.makeCurrent"));
    m_merge->setObjectName(QStringLiteral("export.merge"));
    m_save->setObjectName(QStringLiteral("export.save"));
    m_copy->setObjectName(QStringLiteral("export.copy"));
    m_message->setObjectName(QStringLiteral("export.message"));
    m_message->setWordWrap(true);
    m_message->setTextInteractionFlags(Qt::TextSelectableByMouse);
    buildLayout();
    connect(m_merge, &QPushButton::clicked, this, &ExportDialog::merge);
    connect(m_save, &QPushButton::clicked, this, &ExportDialog::saveAs);
    connect(m_copy, &QPushButton::clicked, this, &ExportDialog::copy);
}

void ExportDialog::buildLayout() {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(m_theme.ipx(24), m_theme.ipx(20), m_theme.ipx(24), m_theme.ipx(20));
    layout->setSpacing(m_theme.ipx(12));
    //: Heading; %1 is the name of the kubeconfig context.
    auto* title = new QLabel(tr("Let other programs use the cluster as %1").arg(models::toQString(m_entry.name)), this);
    title->setFont(m_theme.fonts().heading);
    layout->addWidget(title);
    const QString file = QString::fromStdString(m_userFile.string());
    m_merge->setProperty("primary", true);
    m_merge->setEnabled(!m_userFile.empty());
    layout->addWidget(choice(tr("Into %1").arg(file),
                             tr("Everything else in the file stays; a backup is made beside it."), m_makeCurrent,
                             m_merge));
    layout->addWidget(choice(tr("Into a file of its own"),
                             tr("Use it with kubectl --kubeconfig, or give it to a CI job."), nullptr, m_save));
    layout->addWidget(choice(tr("Onto the clipboard"),
                             tr("The text holds a key that gives full rights over the cluster."), nullptr, m_copy));
    layout->addWidget(m_message);
    auto* row = new QHBoxLayout;
    auto* close = new QPushButton(tr("Close"), this);
    connect(close, &QPushButton::clicked, this, &QDialog::accept);
    row->addStretch(1);
    row->addWidget(close);
    layout->addLayout(row);
}

QWidget* ExportDialog::choice(const QString& title, const QString& text, QWidget* extra, QPushButton* button) {
    auto* panel = new QFrame(this);
    panel->setProperty("panel", true);
    auto* layout = new QHBoxLayout(panel);
    layout->setContentsMargins(m_theme.ipx(16), m_theme.ipx(12), m_theme.ipx(12), m_theme.ipx(12));
    auto* words = new QVBoxLayout;
    words->setSpacing(m_theme.ipx(3));
    auto* head = new QLabel(title, panel);
    head->setFont(m_theme.fonts().strong);
    auto* more = new QLabel(text, panel);
    more->setProperty("role", QStringLiteral("muted"));
    more->setWordWrap(true);
    words->addWidget(head);
    words->addWidget(more);
    if (extra) words->addWidget(extra);
    layout->addLayout(words, 1);
    layout->addWidget(button, 0, Qt::AlignVCenter);
    return panel;
}

void ExportDialog::merge() {
    const auto backup = client::mergeIntoFile(m_userFile, m_entry, m_makeCurrent->isChecked(), m_clock.now());
    if (!backup) {
        say(models::toQString(backup.error().message), true);
        return;
    }
    const QString command = m_makeCurrent->isChecked()
                                ? QStringLiteral("kubectl get nodes")
                                : QStringLiteral("kubectl --context %1 get nodes").arg(models::toQString(m_entry.name));
    //: After a kubeconfig was written; %1 is a command to type in a terminal.
    const QString done = tr("Merged. Try it: %1").arg(command);
    if (*backup)
        say(done + u'\n' + tr("The file as it was is %1.").arg(QString::fromStdString((*backup)->string())), false);
    else
        say(done, false);
}

void ExportDialog::saveAs() {
    auto* chooser = new QFileDialog(this, tr("Save kubeconfig"));
    chooser->setObjectName(QStringLiteral("exportFile"));
    chooser->setAttribute(Qt::WA_DeleteOnClose);
    chooser->setAcceptMode(QFileDialog::AcceptSave);
    chooser->selectFile(models::toQString(m_entry.name) + QStringLiteral(".kubeconfig"));
    connect(chooser, &QFileDialog::fileSelected, this, &ExportDialog::save);
    chooser->open();
}

void ExportDialog::save(const QString& path) {
    QSaveFile file(path);
    const QByteArray text = QByteArray::fromStdString(client::newKubeconfig(m_entry));
    const bool written = file.open(QIODevice::WriteOnly) && file.setPermissions(QFile::ReadOwner | QFile::WriteOwner) &&
                         file.write(text) == text.size() && file.commit();
    if (written)
        say(tr("Saved as %1.").arg(path), false);
    else
        say(tr("%1 was not written: %2").arg(path, file.errorString()), true);
}

void ExportDialog::copy() {
    QApplication::clipboard()->setText(QString::fromStdString(client::newKubeconfig(m_entry)));
    say(tr("Copied."), false);
}

void ExportDialog::say(const QString& text, bool failed) {
    m_message->setText(text);
    setRole(*m_message, failed ? QStringLiteral("failed") : QStringLiteral("muted"));
}

}  // namespace qd::pages

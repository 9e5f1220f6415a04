#pragma once

#include <QCheckBox>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <filesystem>

#include "app/shell/theme.h"
#include "cluster/base/time.h"
#include "cluster/client/kubeconfig/kubeconfig.h"

namespace qd::pages {

// Gives the cluster's kubeconfig to others: merged into the user's own file (with a backup, the current context changed
// only when asked), as a file, or on the clipboard.
class ExportDialog : public QDialog {
    Q_OBJECT
public:
    ExportDialog(const shell::Theme& theme, client::KubeconfigEntry entry, std::filesystem::path userFile,
                 const base::Clock& clock, QWidget* parent = nullptr);

private:
    void buildLayout();
    QWidget* choice(const QString& title, const QString& text, QWidget* extra, QPushButton* button);
    void merge();
    void saveAs();
    void save(const QString& path);
    void copy();
    void say(const QString& text, bool failed);

    const shell::Theme& m_theme;
    client::KubeconfigEntry m_entry;
    std::filesystem::path m_userFile;
    const base::Clock& m_clock;
    QCheckBox* m_makeCurrent;
    QPushButton* m_merge;
    QPushButton* m_save;
    QPushButton* m_copy;
    QLabel* m_message;
};

}  // namespace qd::pages

#pragma once

#include <QCheckBox>
#include <QDialog>
#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>

#include "app/actions/apply_yaml.h"
#include "app/pages/yaml_editor.h"

class QStackedWidget;

namespace qd::pages {

// Write or drop manifests, see what each document would do, apply, see what became of each.
class ApplyDialog : public QDialog {
    Q_OBJECT
public:
    ApplyDialog(const shell::Theme& theme, bridge::ClusterSession& session, const QString& space,
                QWidget* parent = nullptr);
    // Takes the text and goes to the preview.
    void preview(const QString& name, const QByteArray& text);
    actions::ApplyPlan& plan() { return *m_plan; }

private:
    void buildLayout(const shell::Theme& theme);
    QWidget* makeEditor(const shell::Theme& theme);
    void openFile();
    void edit();
    void startPreview();
    void fill();
    void showDocument(int index);
    void showSummary();
    void finish();
    QString words(const actions::DocumentPlan& plan) const;
    views::State stateOf(actions::Outcome outcome) const;
    QIcon iconFor(views::State state) const;

    const shell::Theme& m_theme;
    actions::ApplyPlan* m_plan;
    QStackedWidget* m_stack;
    QLabel* m_title;
    QLabel* m_summary;
    YamlEditor* m_editor;
    QTreeWidget* m_tree;
    QCheckBox* m_force;
    QPushButton* m_open;
    QPushButton* m_back;
    QPushButton* m_preview;
    QPushButton* m_apply;
    QPushButton* m_close;
};

}  // namespace qd::pages

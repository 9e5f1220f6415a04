#pragma once

#include <QDialog>
#include <QHash>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>

#include "app/bridge/cluster_host.h"
#include "app/shell/theme.h"

class QGridLayout;

namespace qd::pages {

// Name and size of a new cluster, with what is wrong under each field while one types.
class CreateDialog : public QDialog {
    Q_OBJECT
public:
    CreateDialog(const shell::Theme& theme, const bridge::ClusterHost& host, QWidget* parent = nullptr);
    bridge::ClusterWish wish() const;

signals:
    void wished(const qd::bridge::ClusterWish& wish);

private:
    QSpinBox* number(const char* id, int least, int most, int value, const QString& suffix, int step);
    void addRow(QGridLayout& form, const QString& id, const QString& text, QWidget* field);
    void check();

    const shell::Theme& m_theme;
    const bridge::ClusterHost& m_host;
    QLineEdit* m_name;
    QSpinBox* m_nodes;
    QSpinBox* m_cpus;
    QSpinBox* m_memory;
    QSpinBox* m_disk;
    QLabel* m_total;
    QPushButton* m_create;
    QHash<QString, QWidget*> m_fields;
    QHash<QString, QLabel*> m_errors;
};

}  // namespace qd::pages

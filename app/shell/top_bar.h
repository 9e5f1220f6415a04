#pragma once

#include <QAbstractButton>
#include <QComboBox>
#include <QFrame>
#include <QHBoxLayout>
#include <QPushButton>

#include "app/shell/location.h"
#include "app/shell/theme.h"

namespace qd::shell {

// Looks like a field, opens the command palette.
class SearchButton : public QAbstractButton {
    Q_OBJECT
public:
    explicit SearchButton(const Theme& theme, QWidget* parent = nullptr);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme& m_theme;
};

// Where one is, the palette, Apply YAML, and the namespace.
class TopBar : public QFrame {
    Q_OBJECT
public:
    explicit TopBar(const Theme& theme, QWidget* parent = nullptr);
    void setCrumbs(const QVector<Crumb>& crumbs);
    // All namespaces to choose from; keeps the choice when it is still there.
    void setNamespaces(const QStringList& names);
    QString currentNamespace() const;
    void setCurrentNamespace(const QString& name);
    // Without a cluster there is nothing to apply to and no namespace to choose.
    void setClusterOpen(bool open);
    bool isClusterOpen() const { return m_clusterOpen; }
    SearchButton& search() { return *m_search; }
    QPushButton& applyButton() { return *m_apply; }

signals:
    void crumbChosen(const qd::shell::Location& target);
    void namespaceChosen(const QString& name);

private:
    const Theme& m_theme;
    QHBoxLayout* m_crumbs;
    SearchButton* m_search;
    QPushButton* m_apply;
    QComboBox* m_namespace;
    bool m_clusterOpen = false;
};

}  // namespace qd::shell

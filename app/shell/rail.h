#pragma once

#include <QAbstractButton>
#include <QFrame>
#include <QHash>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "app/shell/theme.h"
#include "app/views/state.h"

class QButtonGroup;
class QMenu;

namespace qd::shell {

// What the switcher at the top of the rail says about the cluster that is open.
struct ClusterSummary {
    QString name;  // empty: none is open
    QString detail;
    views::State state = views::State::Empty;
};

// The cluster that is open, and a menu of the others.
class ClusterSwitcher : public QAbstractButton {
    Q_OBJECT
public:
    explicit ClusterSwitcher(const Theme& theme, QWidget* parent = nullptr);
    void setSummary(const ClusterSummary& summary);
    void setMenu(QMenu* menu) { m_menu = menu; }
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void openMenu();
    const Theme& m_theme;
    ClusterSummary m_summary;
    QMenu* m_menu = nullptr;
};

// One entry of the rail: icon, name, count.
class RailButton : public QAbstractButton {
    Q_OBJECT
public:
    RailButton(const Theme& theme, const QString& text, const QString& icon, QWidget* parent = nullptr);
    void setCount(int count);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    const Theme& m_theme;
    QString m_icon;
    int m_count = -1;
};

// The left edge of the window: the cluster, the pages, and at the foot the revision, the delay of watches and the way
// out with a kubeconfig.
class Rail : public QFrame {
    Q_OBJECT
public:
    explicit Rail(const Theme& theme, QWidget* parent = nullptr);
    void addPage(const QString& id, const QString& title, const QString& icon);
    void removePage(const QString& id);
    void setCurrent(const QString& id);
    void setCount(const QString& id, int count);
    ClusterSwitcher& switcher() { return *m_switcher; }
    // Empty: the foot is hidden, as no cluster is open.
    void setFoot(const QString& revision, const QString& delay);
    QPushButton& exportButton() { return *m_export; }

signals:
    void pageChosen(const QString& id);

private:
    QWidget* makeBrand();
    void makeFoot(QVBoxLayout& layout);
    void restyle();

    const Theme& m_theme;
    ClusterSwitcher* m_switcher;
    QVBoxLayout* m_pages;
    QButtonGroup* m_group;
    QHash<QString, RailButton*> m_buttons;
    QWidget* m_foot;
    QLabel* m_logo;
    QLabel* m_brand;
    QLabel* m_revision;
    QLabel* m_delay;
    QPushButton* m_export;
};

}  // namespace qd::shell

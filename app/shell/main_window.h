// The window: rail, top bar, and the page that is open. It knows pages, actions and locations, and nothing of clusters.
//
// Closing it leaves Quarterdeck in the tray when there is one; quitting is a command. Size, place and splitters are
// remembered.
#pragma once

#include <QHash>
#include <QMainWindow>
#include <QPointer>
#include <QSettings>
#include <QStackedWidget>

#include "app/actions/action_registry.h"
#include "app/shell/command_palette.h"
#include "app/shell/page.h"
#include "app/shell/rail.h"
#include "app/shell/theme.h"
#include "app/shell/top_bar.h"

namespace qd::shell {

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    MainWindow(const Theme& theme, actions::ActionRegistry& registry, QSettings& settings);
    ~MainWindow() override;

    // Adds an entry to the rail. The window owns the page.
    void addPage(Page* page);
    // Takes the page away and deletes it.
    void removePage(const QString& id);
    Page* page(const QString& id) const { return m_pages.value(id); }

    void goTo(const Location& location);
    void goBack();
    const Location& location() const { return m_location; }

    Rail& rail() { return *m_rail; }
    TopBar& topBar() { return *m_topBar; }
    CommandPalette& palette() { return *m_palette; }

    // Whether closing only hides the window, because the tray can bring it back.
    void setStaysInTray(bool stays) { m_staysInTray = stays; }

    // A line at the bottom that goes by itself: what happened just now. `failed` in the colour of failure.
    void notify(const QString& text, bool failed = false);

signals:
    // Files or text that were dropped and look like manifests.
    void yamlDropped(const QString& name, const QByteArray& text);
    void wentTo(const qd::shell::Location& location);

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    void buildLayout();
    void createActions();
    void addPageAction(Page& page);
    void restore();
    void save();
    void showCrumbs();
    void readDropped(const QUrl& url);

    const Theme& m_theme;
    actions::ActionRegistry& m_registry;
    QSettings& m_settings;
    Rail* m_rail;
    TopBar* m_topBar;
    QStackedWidget* m_stack;
    CommandPalette* m_palette;
    class Notice* m_notice;
    class DropVeil* m_veil;
    QHash<QString, Page*> m_pages;
    Location m_location;
    QVector<Location> m_past;
    bool m_staysInTray = false;
};

}  // namespace qd::shell

#include <QHash>
#include <QRegularExpression>

#include "app/shell/theme.h"

namespace qd::shell {

namespace {

// Words in braces are filled in: colours from the palette, lengths (a number) scaled to the reader's text size.
constexpr auto kSheet = R"(
QToolTip { background: {panel}; color: {text}; border: 1px solid {line}; padding: {6}px {8}px; }
QMainWindow, QDialog { background: {window}; }
QDialog { border: 1px solid {line}; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QFrame[panel="true"] { background: {panel}; border: 1px solid {line}; border-radius: {10}px; }
QFrame[bar="true"] { background: {panel}; border: none; border-bottom: 1px solid {line}; }
QFrame[rail="true"] { background: {sunken}; border: none; border-right: 1px solid {line}; }
QFrame[hairline="true"] { background: {line}; border: none; }
QLabel { background: transparent; }
QLabel[role="muted"] { color: {muted}; }
QLabel[role="failed"] { color: {failed}; }
QLabel[role="starting"] { color: {starting}; }
QLabel[role="accent"] { color: {accent}; }

QPushButton, QToolButton[framed="true"] {
  background: {panel}; color: {text}; border: 1px solid {line}; border-radius: {8}px;
  padding: {6}px {14}px; min-height: {17}px;
}
QPushButton:hover, QToolButton[framed="true"]:hover { background: {hover}; }
QPushButton:pressed, QToolButton[framed="true"]:pressed { background: {sunken}; }
QPushButton:focus, QToolButton[framed="true"]:focus { border-color: {accent}; }
QPushButton:disabled { color: {disabled}; background: {window}; }
QPushButton[primary="true"] { background: {accent}; color: {onSolid}; border: 1px solid {accent}; font-weight: 600; }
QPushButton[primary="true"]:hover { background: {accentHover}; }
QPushButton[primary="true"]:pressed { background: {accentPressed}; }
QPushButton[primary="true"]:focus { border: 1px solid {text}; }
QPushButton[primary="true"]:disabled { background: {sunken}; color: {disabled}; border-color: {line}; }
QPushButton[danger="true"] { color: {failed}; }
QPushButton[danger="true"]:hover { background: {failedTint}; border-color: {failed}; }
QPushButton[link="true"] { background: transparent; border: 1px solid transparent; color: {accent}; padding: {2}px {4}px; text-align: left; }
QPushButton[link="true"]:hover { text-decoration: underline; }
QPushButton[link="true"]:focus { border-color: {accent}; }
QPushButton[crumb="true"] { background: transparent; border: 1px solid transparent; color: {muted}; padding: {2}px {4}px; }
QPushButton[crumb="true"]:hover { color: {text}; }
QPushButton[crumb="true"]:focus { border-color: {accent}; }
QPushButton::menu-indicator { image: none; width: 0; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: {8}px; padding: {4}px; }
QToolButton:hover { background: {hover}; }
QToolButton:focus { border-color: {accent}; }
QToolButton::menu-indicator { image: none; width: 0; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {
  background: {panel}; color: {text}; border: 1px solid {line}; border-radius: {8}px;
  padding: {5}px {10}px; min-height: {18}px; selection-background-color: {accent}; selection-color: {onSolid};
}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus { border-color: {accent}; }
QLineEdit[invalid="true"], QSpinBox[invalid="true"] { border-color: {failed}; }
QLineEdit[plain="true"] { border: none; background: transparent; padding: {4}px; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button { width: {20}px; border: none; background: transparent; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url({chevronUp}); width: {12}px; height: {12}px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url({chevronDown}); width: {12}px; height: {12}px; }
QComboBox { padding-right: {26}px; }
QComboBox::drop-down { border: none; width: {24}px; }
QComboBox::down-arrow { image: url({chevronDown}); width: {14}px; height: {14}px; }
QComboBox QAbstractItemView { background: {panel}; border: 1px solid {line}; selection-background-color: {selection}; selection-color: {text}; outline: none; padding: {4}px; }
QCheckBox, QRadioButton { spacing: {8}px; color: {text}; padding: {2}px; border: 1px solid transparent; border-radius: {4}px; }
QCheckBox:focus, QRadioButton:focus { border-color: {accent}; }
QCheckBox::indicator, QRadioButton::indicator { width: {16}px; height: {16}px; border: 1px solid {unknown}; border-radius: {4}px; background: {panel}; }
QRadioButton::indicator { border-radius: {8}px; }
QCheckBox::indicator:checked { background: {accent}; border-color: {accent}; image: url({tick}); }
QRadioButton::indicator:checked { border: {5}px solid {accent}; width: {8}px; height: {8}px; }

QMenu { background: {panel}; color: {text}; border: 1px solid {line}; border-radius: {8}px; padding: {6}px; }
QMenu::item { padding: {6}px {28}px {6}px {12}px; border-radius: {6}px; }
QMenu::item:selected { background: {selection}; }
QMenu::item:disabled { color: {disabled}; }
QMenu::separator { height: 1px; background: {line}; margin: {6}px {8}px; }
QMenu::icon { padding-left: {8}px; }

QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: {muted}; padding: {8}px {1}px {9}px {1}px; margin: 0 {9}px; border: none; border-bottom: {2}px solid transparent; }
QTabBar::tab:hover { color: {text}; }
QTabBar::tab:selected { color: {accent}; border-bottom: {2}px solid {accent}; font-weight: 600; }
QTabBar::tab:focus { color: {accent}; border-bottom: {2}px solid {text}; }
QTabWidget::pane { border: none; border-top: 1px solid {line}; }

QTableView, QListView, QTreeView { background: transparent; border: none; outline: none; color: {text};
  selection-background-color: {selection}; selection-color: {text}; gridline-color: {line}; }
QTreeView::item { padding: {4}px {4}px {4}px 0; border: none; }
QTreeView::item:hover { background: {hover}; }
QTreeView::item:selected { background: {selection}; color: {text}; }
QTreeView::branch { background: transparent; }
QTreeView::branch:has-children:closed { image: url({chevronRight}); }
QTreeView::branch:has-children:open { image: url({chevronDown}); }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: {panel}; color: {muted}; border: none; border-bottom: 1px solid {line}; padding: {8}px {8}px; font-weight: 600; font-size: {headerPt}pt; }
QHeaderView::section:first { padding-left: {20}px; }
QHeaderView::section:hover { color: {text}; }
QHeaderView::down-arrow { image: url({chevronDown}); width: {12}px; height: {12}px; subcontrol-position: center right; right: {4}px; }
QHeaderView::up-arrow { image: url({chevronUp}); width: {12}px; height: {12}px; subcontrol-position: center right; right: {4}px; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QTableCornerButton::section { background: {panel}; border: none; }

QScrollArea, QAbstractScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: {10}px; margin: {2}px; }
QScrollBar:horizontal { background: transparent; height: {10}px; margin: {2}px; }
QScrollBar::handle { background: {handle}; border-radius: {3}px; }
QScrollBar::handle:vertical { min-height: {32}px; }
QScrollBar::handle:horizontal { min-width: {32}px; }
QScrollBar::handle:hover { background: {muted}; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: transparent; }
QProgressBar { background: {sunken}; border: none; border-radius: {4}px; min-height: {8}px; max-height: {8}px; }
QProgressBar::chunk { background: {accent}; border-radius: {4}px; }
)";

QHash<QString, QString> words(const Theme& theme) {
    const Palette& p = theme.palette();
    const bool dark = p.scheme == Scheme::Dark;
    const QString suffix = dark ? QStringLiteral("-dark") : QStringLiteral("-light");
    QHash<QString, QString> words;
    const auto colour = [&words](const char* name, const QColor& value) {
        words[QString::fromLatin1(name)] = value.name();
    };
    colour("window", p.window);
    colour("panel", p.panel);
    colour("sunken", p.sunken);
    colour("line", p.line);
    colour("text", p.text);
    colour("muted", p.muted);
    colour("onSolid", p.onSolid);
    colour("accent", p.accent);
    colour("failed", p.failed);
    colour("starting", p.starting);
    colour("unknown", p.unknown);
    colour("hover", over(p.panel, p.text, dark ? 0.06 : 0.04));
    colour("disabled", over(p.panel, p.muted, 0.6));
    colour("accentHover", over(p.accent, p.text, 0.12));
    colour("accentPressed", over(p.accent, p.text, 0.24));
    colour("failedTint", tint(p, p.failed));
    colour("selection", over(p.panel, p.accent, dark ? 0.22 : 0.12));
    colour("handle", over(p.panel, p.muted, 0.4));
    words[QStringLiteral("chevronUp")] = QStringLiteral(":/icons/chevron-up%1.svg").arg(suffix);
    words[QStringLiteral("chevronDown")] = QStringLiteral(":/icons/chevron-down%1.svg").arg(suffix);
    words[QStringLiteral("chevronRight")] = QStringLiteral(":/icons/chevron-right%1.svg").arg(suffix);
    words[QStringLiteral("tick")] = QStringLiteral(":/icons/tick%1.svg").arg(suffix);
    words[QStringLiteral("headerPt")] = QString::number(theme.fonts().secondary.pointSizeF() * 0.96, 'f', 2);
    return words;
}

}  // namespace

QString styleSheet(const Theme& theme) {
    static const QRegularExpression word(QStringLiteral("\\{([A-Za-z]+|[0-9]+)\\}"));
    const QHash<QString, QString> known = words(theme);
    const QString sheet = QString::fromLatin1(kSheet);
    QString filled;
    qsizetype from = 0;
    for (auto matches = word.globalMatch(sheet); matches.hasNext();) {
        const auto match = matches.next();
        const QString name = match.captured(1);
        bool isLength = false;
        const int length = name.toInt(&isLength);
        Q_ASSERT(isLength || known.contains(name));
        filled.append(QStringView(sheet).mid(from, match.capturedStart() - from));
        filled += isLength ? QString::number(theme.ipx(length)) : known.value(name);
        from = match.capturedEnd();
    }
    return filled.append(QStringView(sheet).mid(from));
}

}  // namespace qd::shell

#include "app/pages/apply_dialog.h"

#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPainter>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "app/models/words.h"
#include "app/pages/roles.h"
#include "app/views/painting.h"

namespace qd::pages {

using actions::DocumentPlan;
using actions::Outcome;
using views::State;

namespace {

const QString kSample = QStringLiteral(
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: hello\nspec:\n  replicas: 2\n  selector:\n    "
    "matchLabels: {app: hello}\n"
    "  template:\n    metadata:\n      labels: {app: hello}\n    spec:\n      containers:\n        - name: hello\n     "
    "     image: nginx:1.29\n");

}  // namespace

ApplyDialog::ApplyDialog(const shell::Theme& theme, bridge::ClusterSession& session, const QString& space,
                         QWidget* parent)
    : QDialog(parent),
      m_theme(theme),
      m_plan(new actions::ApplyPlan(session, space, this)),
      m_stack(new QStackedWidget(this)),
      m_title(new QLabel(this)),
      m_summary(new QLabel(this)),
      m_editor(new YamlEditor(theme, this)),
      m_tree(new QTreeWidget(this)),
      //: Check box: fields that other programs manage are changed all the same.
      m_force(new QCheckBox(tr("Take over fields that others manage"), this)),
      m_open(new QPushButton(tr("Open file…"), this)),
      //: Button: back from the preview to the text.
      m_back(new QPushButton(tr("Edit text"), this)),
      //: Button: asks the cluster what the text would do.
      m_preview(new QPushButton(tr("Preview"), this)),
      m_apply(new QPushButton(tr("Apply"), this)),
      m_close(new QPushButton(tr("Close"), this)) {
    setObjectName(QStringLiteral("applyDialog"));
    setWindowTitle(tr("Apply YAML"));
    resize(theme.ipx(940), theme.ipx(620));
    buildLayout(theme);
    connect(m_open, &QPushButton::clicked, this, &ApplyDialog::openFile);
    connect(m_back, &QPushButton::clicked, this, &ApplyDialog::edit);
    connect(m_preview, &QPushButton::clicked, this, &ApplyDialog::startPreview);
    connect(m_close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_apply, &QPushButton::clicked, this, [this] {
        m_apply->setEnabled(false);
        m_back->setEnabled(false);
        m_plan->apply();
    });
    connect(m_force, &QCheckBox::toggled, this, [this](bool on) {
        m_plan->setForce(on);
        startPreview();
    });
    connect(m_plan, &actions::ApplyPlan::changed, this, &ApplyDialog::showDocument);
    connect(m_plan, &actions::ApplyPlan::finished, this, &ApplyDialog::finish);
    m_editor->setText(kSample);
    edit();
}

void ApplyDialog::buildLayout(const shell::Theme& theme) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(20), theme.ipx(18), theme.ipx(20), theme.ipx(18));
    layout->setSpacing(theme.ipx(10));
    m_title->setFont(theme.fonts().heading);
    m_title->setObjectName(QStringLiteral("applyTitle"));
    m_summary->setObjectName(QStringLiteral("applySummary"));
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::PlainText);
    setRole(*m_summary, QStringLiteral("muted"));
    layout->addWidget(m_title);
    layout->addWidget(m_summary);
    m_tree->setObjectName(QStringLiteral("applyTree"));
    m_tree->setAccessibleName(tr("Documents"));
    m_tree->setColumnCount(3);
    m_tree->setHeaderLabels({tr("Document"), tr("What happens"), tr("Becomes")});
    m_tree->header()->resizeSection(0, theme.ipx(410));
    m_tree->header()->resizeSection(1, theme.ipx(230));
    m_tree->setUniformRowHeights(false);
    m_tree->setIconSize(QSize(theme.ipx(14), theme.ipx(14)));
    m_stack->addWidget(makeEditor(theme));
    auto* frame = new QFrame(this);
    frame->setProperty("panel", true);
    auto* inside = new QVBoxLayout(frame);
    inside->setContentsMargins(1, 1, 1, 1);
    inside->addWidget(m_tree);
    m_stack->addWidget(frame);
    layout->addWidget(m_stack, 1);
    auto* buttons = new QHBoxLayout;
    m_force->setObjectName(QStringLiteral("applyForce"));
    m_preview->setObjectName(QStringLiteral("applyPreview"));
    m_apply->setObjectName(QStringLiteral("applyConfirm"));
    m_close->setObjectName(QStringLiteral("applyClose"));
    m_back->setObjectName(QStringLiteral("applyEdit"));
    m_preview->setProperty("primary", true);
    m_apply->setProperty("primary", true);
    buttons->addWidget(m_open);
    buttons->addWidget(m_back);
    buttons->addWidget(m_force);
    buttons->addStretch(1);
    buttons->addWidget(m_close);
    buttons->addWidget(m_preview);
    buttons->addWidget(m_apply);
    layout->addLayout(buttons);
}

QWidget* ApplyDialog::makeEditor(const shell::Theme&) {
    auto* frame = new QFrame(this);
    frame->setProperty("panel", true);
    auto* inside = new QVBoxLayout(frame);
    inside->setContentsMargins(4, 8, 4, 8);
    inside->addWidget(m_editor);
    return frame;
}

void ApplyDialog::edit() {
    m_stack->setCurrentIndex(0);
    m_title->setText(tr("Write or paste manifests"));
    m_summary->setText(
        tr("Several documents are divided by ---. Nothing changes before you have seen what would happen."));
    setRole(*m_summary, QStringLiteral("muted"));
    m_open->show();
    m_preview->show();
    m_back->hide();
    m_force->hide();
    m_apply->hide();
    m_editor->setFocus();
}

void ApplyDialog::openFile() {
    auto* chooser =
        new QFileDialog(this, tr("Open manifests"), {}, tr("Manifests (*.yaml *.yml *.json);;All files (*)"));
    chooser->setAttribute(Qt::WA_DeleteOnClose);
    chooser->setFileMode(QFileDialog::ExistingFile);
    connect(chooser, &QFileDialog::fileSelected, this, [this](const QString& path) {
        QFile file(path);
        if (file.open(QIODevice::ReadOnly))
            preview(QFileInfo(path).fileName(), file.readAll());
        else
            m_summary->setText(tr("%1 cannot be read: %2").arg(path, file.errorString()));
    });
    chooser->open();
}

void ApplyDialog::preview(const QString& name, const QByteArray& text) {
    m_editor->setText(QString::fromUtf8(text));
    m_title->setText(name);
    startPreview();
}

void ApplyDialog::startPreview() {
    m_editor->markLine(0);
    const Result<void> read = m_plan->preview(m_editor->text().toUtf8());
    if (!read) {
        const QString title = m_title->text();
        edit();
        m_title->setText(title);
        m_summary->setText(models::toQString(read.error().message));
        setRole(*m_summary, QStringLiteral("failed"));
        m_editor->markLine(actions::lineOf(read.error()));
        return;
    }
    if (m_stack->currentIndex() == 0 && m_title->text() == tr("Write or paste manifests"))
        m_title->setText(tr("What would happen"));
    m_stack->setCurrentIndex(1);
    m_open->hide();
    m_preview->hide();
    m_back->show();
    m_back->setEnabled(true);
    m_apply->show();
    fill();
    m_tree->setFocus();
}

void ApplyDialog::fill() {
    m_tree->clear();
    for (int i = 0; i < m_plan->documents().size(); ++i) {
        auto* item = new QTreeWidgetItem(m_tree);
        item->setFont(0, m_theme.fonts().nameStrong);
        item->setFont(1, m_theme.fonts().strong);
        showDocument(i);
    }
    showSummary();
}

State ApplyDialog::stateOf(Outcome outcome) const {
    switch (outcome) {
        case Outcome::Create:
            return State::Ready;
        case Outcome::Change:
            return State::Starting;
        case Outcome::Applied:
            return State::Done;
        case Outcome::Invalid:
        case Outcome::Failed:
            return State::Failed;
        case Outcome::Asking:
            return State::Unknown;
        case Outcome::Unchanged:
            break;
    }
    return State::Empty;
}

QIcon ApplyDialog::iconFor(State state) const {
    QPixmap pixmap(m_theme.ipx(14) * 2, m_theme.ipx(14) * 2);
    pixmap.setDevicePixelRatio(2);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    const qreal half = m_theme.ipx(14) / 2.0;
    views::paintDot(painter, m_theme, {half, half}, half - 2, state);
    return QIcon(pixmap);
}

QString ApplyDialog::words(const DocumentPlan& plan) const {
    switch (plan.outcome) {
        case Outcome::Asking:
            return tr("asking the cluster…");
        case Outcome::Create:
            return tr("is created");
        case Outcome::Change:
            return tr("changes %n fields", nullptr, static_cast<int>(plan.changes.size()));
        case Outcome::Unchanged:
            return tr("stays as it is");
        case Outcome::Invalid:
            return tr("is refused");
        case Outcome::Applied:
            return tr("applied");
        case Outcome::Failed:
            return tr("failed");
    }
    return {};
}

void ApplyDialog::showDocument(int index) {
    QTreeWidgetItem* item = m_tree->topLevelItem(index);
    if (!item) return;
    const DocumentPlan& plan = m_plan->documents()[index];
    const State state = stateOf(plan.outcome);
    const QColor colour = state == State::Empty ? m_theme.palette().muted : colourOf(state, m_theme.palette());
    item->setText(0, plan.title);
    item->setIcon(0, iconFor(state));
    item->setText(1, words(plan));
    item->setForeground(1, colour);
    qDeleteAll(item->takeChildren());
    for (const actions::FieldChange& change : plan.changes) {
        //: In place of a field's value before or after: there is none.
        const QString nothing = tr("(nothing)");
        auto* field = new QTreeWidgetItem(item, {change.path, change.before.isEmpty() ? nothing : change.before,
                                                 change.after.isEmpty() ? nothing : change.after});
        for (int column = 0; column < 3; ++column) field->setFont(column, m_theme.fonts().name);
        field->setForeground(1, m_theme.palette().muted);
    }
    auto problems = plan.problems;
    if (problems.isEmpty() && !plan.problem.isEmpty()) problems.push_back({plan.field, plan.problem});
    for (const auto& [field, message] : std::as_const(problems)) {
        //: What is wrong with a document: the field, and what the server says about it.
        const QString text = field.isEmpty() ? message : tr("%1: %2").arg(field, message);
        auto* problem = new QTreeWidgetItem(item, {text});
        problem->setForeground(0, m_theme.palette().failed);
        problem->setToolTip(0, text);
        problem->setFirstColumnSpanned(true);
    }
    item->setExpanded(plan.changes.size() <= 12);
    showSummary();
}

void ApplyDialog::showSummary() {
    const int creates = m_plan->count(Outcome::Create);
    const int changes = m_plan->count(Outcome::Change);
    const int invalid = m_plan->count(Outcome::Invalid);
    QStringList parts;
    if (creates > 0) parts << tr("%n to create", nullptr, creates);
    if (changes > 0) parts << tr("%n to change", nullptr, changes);
    if (const int same = m_plan->count(Outcome::Unchanged)) parts << tr("%n unchanged", nullptr, same);
    if (invalid > 0) parts << tr("%n refused", nullptr, invalid);
    if (const int done = m_plan->count(Outcome::Applied)) parts << tr("%n applied", nullptr, done);
    if (const int failed = m_plan->count(Outcome::Failed)) parts << tr("%n failed", nullptr, failed);
    m_summary->setText(m_plan->isReady() ? parts.join(QStringLiteral(" · "))
                                         : tr("The cluster is asked what would happen…"));
    setRole(*m_summary, invalid > 0 ? QStringLiteral("failed") : QStringLiteral("muted"));
    m_force->setVisible(m_force->isChecked() || m_plan->hasConflict());
    m_apply->setEnabled(m_plan->isReady() && creates + changes > 0);
    m_apply->setText(invalid > 0 && creates + changes > 0 ? tr("Apply the others") : tr("Apply"));
}

void ApplyDialog::finish() {
    m_force->hide();
    m_apply->hide();
    m_back->setEnabled(m_plan->count(Outcome::Failed) > 0);
    m_close->setFocus();
}

}  // namespace qd::pages

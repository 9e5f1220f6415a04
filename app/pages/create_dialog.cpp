#include "app/pages/create_dialog.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QStyle>
#include <QVBoxLayout>

#include "app/models/words.h"

namespace qd::pages {

namespace {
void markInvalid(QWidget& field, bool invalid) {
    if (field.property("invalid").toBool() == invalid) return;
    field.setProperty("invalid", invalid);
    field.style()->unpolish(&field);
    field.style()->polish(&field);
}
}  // namespace

CreateDialog::CreateDialog(const shell::Theme& theme, const bridge::ClusterHost& host, QWidget* parent)
    : QDialog(parent),
      m_theme(theme),
      m_host(host),
      m_name(new QLineEdit(QStringLiteral("dev"), this)),
      m_total(new QLabel(this)),
      m_create(new QPushButton(tr("Create cluster"), this)) {
    setObjectName(QStringLiteral("createDialog"));
    setWindowTitle(tr("Create cluster"));
    setMinimumWidth(theme.ipx(480));
    const bridge::ClusterWish usual;
    m_name->setObjectName(QStringLiteral("create.name"));
    m_nodes = number("create.nodes", 1, 32, usual.nodes, {}, 1);
    m_cpus = number("create.cpus", 1, 64, usual.cpus, {}, 1);
    m_memory = number("create.memory", 512, 262'144, usual.memoryMiB, tr(" MiB"), 256);
    m_disk = number("create.disk", 2, 2000, usual.diskGiB, tr(" GiB"), 5);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(theme.ipx(24), theme.ipx(20), theme.ipx(24), theme.ipx(20));
    layout->setSpacing(theme.ipx(14));
    auto* title = new QLabel(tr("A Kubernetes cluster on this machine"), this);
    title->setFont(theme.fonts().heading);
    layout->addWidget(title);
    auto* form = new QGridLayout;
    form->setHorizontalSpacing(theme.ipx(20));
    form->setVerticalSpacing(theme.ipx(4));
    form->setColumnStretch(1, 1);
    addRow(*form, QStringLiteral("name"), tr("&Name"), m_name);
    addRow(*form, QStringLiteral("nodes"), tr("N&odes"), m_nodes);
    addRow(*form, QStringLiteral("cpus"), tr("&CPUs of each node"), m_cpus);
    addRow(*form, QStringLiteral("memory"), tr("&Memory of each node"), m_memory);
    addRow(*form, QStringLiteral("disk"), tr("&Disk of each node"), m_disk);
    layout->addLayout(form);
    m_total->setObjectName(QStringLiteral("create.total"));
    m_total->setProperty("role", QStringLiteral("muted"));
    m_total->setWordWrap(true);
    layout->addWidget(m_total);
    auto* buttons = new QHBoxLayout;
    auto* cancel = new QPushButton(tr("Cancel"), this);
    m_create->setObjectName(QStringLiteral("create.confirm"));
    m_create->setProperty("primary", true);
    m_create->setDefault(true);
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(m_create);
    layout->addLayout(buttons);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_create, &QPushButton::clicked, this, [this] {
        emit wished(wish());
        accept();
    });
    connect(m_name, &QLineEdit::textChanged, this, &CreateDialog::check);
    for (QSpinBox* box : {m_nodes, m_cpus, m_memory, m_disk})
        connect(box, &QSpinBox::valueChanged, this, &CreateDialog::check);
    m_name->selectAll();
    check();
}

QSpinBox* CreateDialog::number(const char* id, int least, int most, int value, const QString& suffix, int step) {
    auto* box = new QSpinBox(this);
    box->setObjectName(QString::fromLatin1(id));
    box->setRange(least, most);
    box->setSingleStep(step);
    box->setSuffix(suffix);
    box->setGroupSeparatorShown(true);
    box->setValue(value);
    return box;
}

void CreateDialog::addRow(QGridLayout& form, const QString& id, const QString& text, QWidget* field) {
    const int row = form.rowCount();
    auto* label = new QLabel(text, this);
    label->setBuddy(field);
    form.addWidget(label, row, 0, Qt::AlignVCenter);
    form.addWidget(field, row, 1);
    field->setAccessibleName(QString(text).remove(u'&'));
    auto* error = new QLabel(this);
    error->setObjectName(QStringLiteral("create.%1.error").arg(id));
    error->setProperty("role", QStringLiteral("failed"));
    error->setFont(m_theme.fonts().secondary);
    error->setWordWrap(true);
    form.addWidget(error, row + 1, 1);
    form.setRowMinimumHeight(row + 1, m_theme.ipx(4));
    m_fields.insert(id, field);
    m_errors.insert(id, error);
}

bridge::ClusterWish CreateDialog::wish() const {
    return {m_name->text(), m_nodes->value(), m_cpus->value(), m_memory->value(), m_disk->value()};
}

void CreateDialog::check() {
    const bridge::ClusterWish wanted = wish();
    for (QLabel* label : std::as_const(m_errors)) label->hide();
    for (QWidget* field : std::as_const(m_fields)) markInvalid(*field, false);
    const auto problems = m_host.validate(wanted);
    for (const auto& [field, message] : problems) {
        QLabel* label = m_errors.value(field, m_errors.value(QStringLiteral("name")));
        label->setText(message);
        label->show();
        if (QWidget* wrong = m_fields.value(field)) markInvalid(*wrong, true);
    }
    m_create->setEnabled(problems.empty());
    //: Under the fields: what the whole cluster will take at most. Disks grow as they are used.
    m_total->setText(tr("Together at most %1 of memory and %2 of disk, which grows as it is used.")
                         .arg(models::bytesText(double(wanted.nodes) * wanted.memoryMiB * 1024 * 1024),
                              models::bytesText(double(wanted.nodes) * wanted.diskGiB * 1024 * 1024 * 1024)));
    // An explanation makes room for itself.
    layout()->activate();
    resize(width(), layout()->heightForWidth(width()));
}

}  // namespace qd::pages

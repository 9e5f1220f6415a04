#include "app/shell/palette.h"

#include <QtTest>

using namespace qd::shell;

class PaletteTest : public QObject {
    Q_OBJECT
private slots:
    void contrastIsThatOfTheStandard() {
        QCOMPARE(contrast(Qt::white, Qt::white), 1.0);
        QVERIFY(qAbs(contrast(Qt::black, Qt::white) - 21.0) < 0.01);
        QVERIFY(qAbs(contrast(QColor(0x77, 0x77, 0x77), Qt::white) - 4.48) < 0.01);
    }

    void wordsAndStatesCanBeReadOnEverySurface_data() {
        QTest::addColumn<Scheme>("scheme");
        QTest::newRow("light") << Scheme::Light;
        QTest::newRow("dark") << Scheme::Dark;
    }

    void wordsAndStatesCanBeReadOnEverySurface() {
        QFETCH(Scheme, scheme);
        const Palette& p = Palette::of(scheme);
        const QList<QPair<QString, QColor>> inks{
            {QStringLiteral("text"), p.text},         {QStringLiteral("muted"), p.muted},
            {QStringLiteral("accent"), p.accent},     {QStringLiteral("ready"), p.ready},
            {QStringLiteral("starting"), p.starting}, {QStringLiteral("leaving"), p.leaving},
            {QStringLiteral("failed"), p.failed},     {QStringLiteral("unknown"), p.unknown},
            {QStringLiteral("done"), p.done}};
        for (const auto& [name, ink] : inks) {
            for (const QColor& surface : {p.panel, p.window})
                QVERIFY2(
                    contrast(ink, surface) >= 4.5,
                    qPrintable(QStringLiteral("%1 on %2: %3").arg(name, surface.name()).arg(contrast(ink, surface))));
        }
        for (const QColor& ink : {p.text, p.muted}) QVERIFY(contrast(ink, p.sunken) >= 4.5);
    }

    void aStatesWordCanBeReadOnItsOwnTint_data() { wordsAndStatesCanBeReadOnEverySurface_data(); }

    void aStatesWordCanBeReadOnItsOwnTint() {
        QFETCH(Scheme, scheme);
        const Palette& p = Palette::of(scheme);
        for (const QColor& ink : {p.ready, p.starting, p.leaving, p.failed, p.unknown, p.done, p.accent, p.muted})
            QVERIFY2(contrast(ink, tint(p, ink)) >= 4.5,
                     qPrintable(QStringLiteral("%1: %2").arg(ink.name()).arg(contrast(ink, tint(p, ink)))));
        for (const QColor& solid : {p.ready, p.failed, p.accent}) QVERIFY(contrast(p.onSolid, solid) >= 4.5);
    }
};

QTEST_APPLESS_MAIN(PaletteTest)
#include "palette_test.moc"

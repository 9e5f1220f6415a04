#include <QAccessible>
#include <QPainter>
#include <QSignalSpy>
#include <QtTest>

#include "app/views/endpoints_view.h"
#include "app/views/nodes_view.h"
#include "app/views/painting.h"
#include "app/views/rollout_view.h"
#include "tests/app/views/samples.h"
#include "tests/gui/stage.h"

using namespace qd;
using namespace qd::views;
using qd::tests::Stage;

namespace {

// All states, as tiles of three sizes, dots and pills.
class StateSheet : public QWidget {
public:
    explicit StateSheet(const shell::Theme& theme) : m_theme(theme) { resize(640, 220); }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.fillRect(rect(), m_theme.palette().panel);
        for (int i = 0; i < kStates; ++i) {
            const auto state = static_cast<State>(i);
            const qreal x = 24 + i * 86;
            paintTile(painter, m_theme, QRectF(x, 24, 44, 44), state, 0.7);
            paintTile(painter, m_theme, QRectF(x, 84, 20, 20), state, 0.7);
            paintTile(painter, m_theme, QRectF(x + 28, 88, 9, 9), state, 0.7);
            paintDot(painter, m_theme, QPointF(x + 10, 132), 5, state);
            paintPill(&painter, m_theme, QPointF(x - 10, 156), state, wordFor(state));
        }
    }

private:
    const shell::Theme& m_theme;
};

void place(QWidget& widget, QSize size) {
    QPalette palette = widget.palette();
    widget.setAutoFillBackground(true);
    palette.setColor(QPalette::Window, palette.color(QPalette::Base));
    widget.setPalette(palette);
    widget.resize(size);
}

}  // namespace

class PicturesTest : public QObject {
    Q_OBJECT
private slots:
    void theStatesCanBeToldApartWithoutColour() {
        for (int a = 0; a < kStates; ++a)
            for (int b = 0; b < a; ++b) {
                const StateStyle one = styleOf(static_cast<State>(a));
                const StateStyle other = styleOf(static_cast<State>(b));
                QVERIFY(one.fill != other.fill || one.outline != other.outline || one.mark != other.mark);
            }
    }

    void picturesAreDrawnInBothThemes_data() {
        QTest::addColumn<shell::Scheme>("scheme");
        QTest::newRow("light") << shell::Scheme::Light;
        QTest::newRow("dark") << shell::Scheme::Dark;
    }

    void picturesAreDrawnInBothThemes() {
        QFETCH(shell::Scheme, scheme);
        Stage stage(scheme);
        const QString suffix = Stage::suffix(scheme);
        StateSheet states(stage.theme);
        Stage::show(states);
        Stage::shoot(states, QStringLiteral("states-") + suffix);
        RolloutView rollout(stage.theme);
        rollout.setModel(tests::sampleRollout());
        place(rollout, {812, 500});
        Stage::show(rollout);
        Stage::shoot(rollout, QStringLiteral("rollout-") + suffix);
        rollout.setModel(tests::brokenRollout());
        QTRY_VERIFY(!rollout.moving());
        Stage::shoot(rollout, QStringLiteral("rollout-broken-") + suffix);
        rollout.setModel(tests::largeRollout(600));
        QTRY_VERIFY(!rollout.moving());
        Stage::shoot(rollout, QStringLiteral("rollout-large-") + suffix);
        EndpointsView endpoints(stage.theme);
        endpoints.setModel(tests::sampleEndpoints());
        place(endpoints, {720, 420});
        Stage::show(endpoints);
        Stage::shoot(endpoints, QStringLiteral("endpoints-") + suffix);
        endpoints.setModel(tests::largeEndpoints(240));
        QTRY_VERIFY(!endpoints.moving());
        Stage::shoot(endpoints, QStringLiteral("endpoints-large-") + suffix);
        NodesView nodes(stage.theme);
        nodes.setModel(tests::sampleNodes());
        nodes.resize(980, nodes.heightForWidth(980));
        Stage::show(nodes);
        Stage::shoot(nodes, QStringLiteral("nodes-") + suffix);
    }

    void aTileMovesFromItsOldPlaceToItsNewOne() {
        Stage stage;
        RolloutView view(stage.theme);
        view.setModel(tests::sampleRollout());
        place(view, {812, 500});
        Stage::show(view);
        const QRectF before = view.tile(QStringLiteral("web-7f6b8-w4l8z"))->rect;
        RolloutModel next = tests::sampleRollout();
        next.boxes[1].pods.remove(0);
        view.setModel(next);
        const Tile* tile = view.tile(QStringLiteral("web-7f6b8-w4l8z"));
        QVERIFY(tile->rect != before);
        QVERIFY(view.moving());
        QCOMPARE(view.shownRect(*tile).topLeft(), before.topLeft());
        QTRY_VERIFY(!view.moving());
        QCOMPARE(view.shownRect(*tile), tile->rect);
    }

    void nothingMovesWhenMotionIsOffOrNothingChanged() {
        Stage stage;
        RolloutView view(stage.theme);
        view.setModel(tests::sampleRollout());
        place(view, {812, 500});
        Stage::show(view);
        view.setModel(tests::sampleRollout());
        QVERIFY(!view.moving());
        stage.theme.setMotion(false);
        RolloutModel next = tests::sampleRollout();
        next.boxes[1].pods.remove(0);
        view.setModel(next);
        QVERIFY(!view.moving());
    }

    void tilesAreWalkedThroughWithTheKeyboard() {
        Stage stage;
        RolloutView view(stage.theme);
        view.setModel(tests::sampleRollout());
        place(view, {812, 500});
        Stage::show(view);
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(view.selected(), QStringLiteral("web-59d7c-x2k4d"));
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(view.selected(), QStringLiteral("web-59d7c-b7wq9"));
        QSignalSpy activated(&view, &Picture::activated);
        QTest::keyClick(&view, Qt::Key_Return);
        QCOMPARE(activated.count(), 1);
        Stage::shoot(view, QStringLiteral("rollout-selected"));
        QTest::keyClick(&view, Qt::Key_Escape);
        QVERIFY(view.selected().isEmpty());
    }

    void aClickSelectsTheTileUnderIt() {
        Stage stage;
        EndpointsView view(stage.theme);
        view.setModel(tests::sampleEndpoints());
        place(view, {720, 420});
        Stage::show(view);
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.tile(QStringLiteral("10.244.1.19"))->rect.center().toPoint());
        QCOMPARE(view.selected(), QStringLiteral("10.244.1.19"));
    }

    void aScreenReaderHearsEachTile() {
        Stage stage;
        RolloutView view(stage.theme);
        view.setModel(tests::sampleRollout());
        place(view, {812, 500});
        Stage::show(view);
        QAccessibleInterface* list = QAccessible::queryAccessibleInterface(&view);
        QVERIFY(list);
        QCOMPARE(list->role(), QAccessible::List);
        QCOMPARE(list->childCount(), 11);
        QCOMPARE(list->child(2)->text(QAccessible::Name), QStringLiteral("web-59d7c-m4tzl: Leaving. ends within 24 s"));
        QVERIFY(!list->child(2)->rect().isEmpty());
    }

    void aPictureFitsWhenTextIsTwiceAsLarge() {
        Stage stage;
        stage.setTextScale(2);
        RolloutView view(stage.theme);
        view.setModel(tests::sampleRollout());
        place(view, {1500, 1000});
        Stage::show(view);
        QCOMPARE(view.tiles().size(), 20);
        Stage::shoot(view, QStringLiteral("rollout-200"));
    }
};

QTEST_MAIN(PicturesTest)
#include "pictures_test.moc"

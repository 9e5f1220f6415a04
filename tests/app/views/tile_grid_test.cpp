#include "app/views/tile_grid.h"

#include <QtTest>

using namespace qd::views;

class TileGridTest : public QObject {
    Q_OBJECT
private slots:
    void fewTilesAreLargeAndNamed() {
        const TileGrid grid = fitTiles(10, 360, 220, 1);
        QCOMPARE(grid.size, 44.0);
        QCOMPARE(grid.columns, 5);
        QVERIFY(grid.labels);
        QVERIFY(grid.fits);
    }

    void manyTilesShrinkUntilTheyFit() {
        const TileGrid grid = fitTiles(300, 360, 220, 1);
        QVERIFY(grid.fits);
        QVERIFY(!grid.labels);
        QVERIFY(grid.cell(299).bottom() <= 220);
        QVERIFY(grid.cell(299).right() <= 360);
    }

    void tilesThatCannotFitSaySo() {
        QVERIFY(!fitTiles(100'000, 360, 220, 1).fits);
        QVERIFY(fitTiles(0, 10, 60, 1).fits || fitTiles(0, 10, 60, 1).columns == 1);
    }

    void tilesGrowWithTheReadersText() { QCOMPARE(fitTiles(4, 1000, 1000, 2).size, 88.0); }

    void noTwoTilesTouch() {
        const TileGrid grid = fitTiles(57, 300, 150, 1);
        for (int i = 0; i < 57; ++i)
            for (int j = 0; j < i; ++j) QVERIFY(!grid.cell(i).intersects(grid.cell(j)));
    }
};

QTEST_APPLESS_MAIN(TileGridTest)
#include "tile_grid_test.moc"

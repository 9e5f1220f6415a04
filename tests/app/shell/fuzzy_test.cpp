#include "app/shell/fuzzy.h"

#include <QtTest>

using namespace qd::shell;

class FuzzyTest : public QObject {
    Q_OBJECT
private slots:
    void lettersInOrderMatchAndOthersDoNot() {
        QVERIFY(fuzzyMatch(QStringLiteral("rst dep"), QStringLiteral("Restart Deployment")));
        QVERIFY(!fuzzyMatch(QStringLiteral("xyz"), QStringLiteral("Restart Deployment")));
        QVERIFY(!fuzzyMatch(QStringLiteral("tR"), QStringLiteral("Rt")));
        QVERIFY(fuzzyMatch({}, QStringLiteral("anything")));
    }

    void startsOfWordsCountMore() {
        const auto starts = fuzzyMatch(QStringLiteral("cc"), QStringLiteral("Create cluster"));
        const auto inside = fuzzyMatch(QStringLiteral("cc"), QStringLiteral("Accept all"));
        QVERIFY(starts && inside);
        QVERIFY(starts->score > inside->score);
        QCOMPARE(starts->positions, (QVector<int>{0, 7}));
    }

    void neighboursCountMoreThanScatteredLetters() {
        QVERIFY(fuzzyMatch(QStringLiteral("log"), QStringLiteral("Show logs"))->score >
                fuzzyMatch(QStringLiteral("log"), QStringLiteral("label nodes green"))->score);
    }
};

QTEST_APPLESS_MAIN(FuzzyTest)
#include "fuzzy_test.moc"

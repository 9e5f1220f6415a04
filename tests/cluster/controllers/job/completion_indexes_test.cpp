#include "cluster/controllers/job/completion_indexes.h"

#include <QtTest>

using qd::controllers::CompletionIndexes;

class CompletionIndexesTest : public QObject {
    Q_OBJECT
private slots:
    void textGoesInAndOut_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("back");
        QTest::addColumn<int>("size");
        QTest::newRow("none") << ""
                              << "" << 0;
        QTest::newRow("one") << "3"
                             << "3" << 1;
        QTest::newRow("neighbours are written apart") << "1-2"
                                                      << "1,2" << 2;
        QTest::newRow("three are an interval") << "1,2,3"
                                               << "1-3" << 3;
        QTest::newRow("in order") << "7,1-3,5"
                                  << "1-3,5,7" << 5;
        QTest::newRow("what overlaps is one") << "1-4,3-6"
                                              << "1-6" << 6;
        QTest::newRow("beyond the completions") << "1,8-20,30"
                                                << "1,8,9" << 3;
        QTest::newRow("what is no number is left out") << "1,x,-3,4-y,5"
                                                       << "1,5" << 2;
    }
    void textGoesInAndOut() {
        QFETCH(QString, text);
        const auto indexes = CompletionIndexes::parse(text.toStdString(), 10);
        QTEST(QString::fromStdString(indexes.toString()), "back");
        QTEST(indexes.size(), "size");
    }

    void membersAreFound() {
        auto indexes = CompletionIndexes::parse("1-3,7", 10);
        for (int index = 0; index < 10; ++index)
            QCOMPARE(indexes.contains(index), (index >= 1 && index <= 3) || index == 7);
        indexes.add(5);
        indexes.add(6);
        QCOMPARE(indexes.toString(), std::string("1-3,5-7"));
        indexes.add(4);
        QCOMPARE(indexes.toString(), std::string("1-7"));
        indexes.add(0);
        QCOMPARE(indexes.toString(), std::string("0-7"));
    }

    void sharedOnesAreCounted() {
        const auto a = CompletionIndexes::parse("0-4,8", 10), b = CompletionIndexes::parse("3-9", 10);
        QCOMPARE(a.sharedWith(b), 3);
        QCOMPARE(b.sharedWith(a), 3);
        auto both = a;
        both.add(b);
        QCOMPARE(both.toString(), std::string("0-9"));
    }
};

QTEST_GUILESS_MAIN(CompletionIndexesTest)
#include "completion_indexes_test.moc"

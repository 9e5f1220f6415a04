// Tables of kinds that nobody wrote columns for.
#include "app/models/kind_columns.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QtTest>

#include "app/bridge/resources.h"
#include "tests/app/support/fake_session.h"
#include "tests/app/support/objects.h"
#include "tests/app/support/shop.h"

using namespace qd;
using namespace qd::models;
using namespace qd::tests;

namespace {

struct Fixture {
    explicit Fixture(const bridge::Resource& resource) : inventory(session), objects(inventory.objects(resource)) {
        session.putAll(shopKinds());
        columns = kindColumns(inventory, resource);
    }
    int place(const char* title) const {
        for (int i = 0; i < columns.size(); ++i)
            if (columns[i].title == QString::fromLatin1(title)) return i;
        return -1;
    }
    FakeSession session;
    Inventory inventory;
    LiveObjects& objects;
    QVector<Column> columns;
    ShopClock clock;
};

}  // namespace

class KindColumnsTest : public QObject {
    Q_OBJECT

    static QStringList titles(const bridge::Resource& resource) {
        QStringList titles;
        for (const Column& column : Fixture(resource).columns) titles << column.title;
        return titles;
    }

private slots:
    void theWindowsColumnsStandBeforeThoseOfKubectl() {
        QCOMPARE(titles(bridge::kStatefulSets).join(u' '),
                 QStringLiteral("StatefulSet Namespace State Pods Ready Containers Images Age"));
        QCOMPARE(titles(bridge::kJobs).mid(0, 6).join(u' '),
                 QStringLiteral("Job Namespace State Pods Completions Duration"));
        QCOMPARE(
            titles(bridge::kAutoscalers).join(u' '),
            QStringLiteral("HorizontalPodAutoscaler Namespace State Reference Targets MinPods MaxPods Replicas Age"));
        QCOMPARE(titles(bridge::kConfigMaps).join(u' '), QStringLiteral("ConfigMap Namespace Data Age"));
        QVERIFY2(!titles(bridge::kVolumes).contains(QStringLiteral("Namespace")), "volumes are in none");
    }

    void aKindThatTheServerDoesNotKnowHasNameAndAge() {
        QCOMPARE(titles({"example.com/v1", "Widget", "widgets", true}).join(u' '),
                 QStringLiteral("Widget Namespace Age"));
    }

    void cellsSayWhatKubectlSaysAndNothingForNone() {
        Fixture jobs(bridge::kJobs);
        ResourceTableModel model(jobs.objects, jobs.columns, jobs.clock);
        QTRY_COMPARE(model.rowCount(), 3);
        const int row = model.rowOf("Job/shop/thumbnails");
        QCOMPARE(model.index(row, jobs.place("Completions")).data().toString(), QStringLiteral("3/8"));
        QCOMPARE(model.index(row, jobs.place("State")).data().toString(), QStringLiteral("Running"));
        QCOMPARE(model.cell(model.index(row, jobs.place("Pods"))).tiles.size(), 8);

        Fixture sets(bridge::kDaemonSets);
        ResourceTableModel daemons(sets.objects, sets.columns, sets.clock);
        QTRY_COMPARE(daemons.rowCount(), 1);
        QCOMPARE(daemons.index(0, sets.place("Node Selector")).data().toString(), QString());
        QCOMPARE(daemons.index(0, sets.place("Desired")).data(ResourceTableModel::SortRole).toInt(), 2);
    }

    void aWorkloadIsDrawnAnewWhenItsPodsChange() {
        Fixture sets(bridge::kStatefulSets);
        const std::vector<LiveObjects*> pods{&sets.inventory.objects(bridge::kPods)};
        QVERIFY(sets.columns[sets.place("Pods")].reads == pods);
        ResourceTableModel model(sets.objects, sets.columns, sets.clock);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QTRY_COMPARE(model.rowCount(), 2);
        const QModelIndex tiles = model.index(model.rowOf("StatefulSet/shop/db"), sets.place("Pods"));
        using views::State;
        const QVector<State> before{State::Ready, State::Ready, State::Starting, State::Empty};
        QTRY_COMPARE(model.cell(tiles).tiles, before);
        sets.session.drop("Pod", "shop", "db-2");
        const QVector<State> after{State::Ready, State::Ready, State::Empty, State::Empty};
        QTRY_COMPARE(model.cell(tiles).tiles, after);
    }
};

QTEST_GUILESS_MAIN(KindColumnsTest)
#include "kind_columns_test.moc"

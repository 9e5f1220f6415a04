#include "app/models/resource_table_model.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QtTest>

#include "app/bridge/resources.h"
#include "app/models/columns.h"
#include "tests/app/support/fake_session.h"
#include "tests/app/support/shop.h"

using namespace qd;
using namespace qd::models;
using namespace qd::tests;

namespace {

struct Fixture {
    Fixture() : inventory(session) {}
    LiveObjects& pods() { return inventory.objects(bridge::kPods); }
    FakeSession session;
    Inventory inventory;
    ShopClock clock;
};

QStringList names(const QAbstractItemModel& model) {
    QStringList names;
    for (int row = 0; row < model.rowCount(); ++row) names << model.index(row, 0).data().toString();
    return names;
}

}  // namespace

class ResourceTableModelTest : public QObject {
    Q_OBJECT
private slots:
    void rowsFollowTheWatch() {
        Fixture fixture;
        ResourceTableModel model(fixture.pods(), podColumns(fixture.inventory), fixture.clock);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        fixture.session.put(shopPod(7, "aaaaa", PodLife::Pending, 1, 1));
        fixture.session.put(shopPod(7, "bbbbb", PodLife::Ready, 1, 2));
        QTRY_COMPARE(model.rowCount(), 2);
        const int row = model.rowOf("Pod/shop/web-7f6b8-aaaaa");
        QCOMPARE(model.index(row, 2).data().toString(), QStringLiteral("Starting"));
        fixture.session.put(shopPod(7, "aaaaa", PodLife::Ready, 1, 1));
        QTRY_COMPARE(model.index(row, 2).data().toString(), QStringLiteral("Ready"));
        fixture.session.drop("Pod", "shop", "web-7f6b8-bbbbb");
        QTRY_COMPARE(model.rowCount(), 1);
        QCOMPARE(model.rowOf("Pod/shop/web-7f6b8-aaaaa"), 0);
    }

    void manyScatteredRowsGoAtOnce() {
        Fixture fixture;
        ResourceTableModel model(fixture.pods(), podColumns(fixture.inventory), fixture.clock);
        QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        std::vector<std::unique_ptr<api::Object>> pods;
        for (int i = 0; i < 40; ++i) pods.push_back(shopPod(7, std::to_string(i), PodLife::Ready, 1, i));
        fixture.session.putAll(std::move(pods));
        QTRY_COMPARE(model.rowCount(), 40);
        // Whoever looks between two steps of the same batch must be told the truth too.
        bool told = true;
        connect(&model, &QAbstractItemModel::rowsRemoved, &model, [&] {
            for (int row = 0; row < model.rowCount(); ++row)
                told = told && model.rowOf(model.objectAt(row)->metadata.uid) == row;
        });
        std::vector<std::string> going;
        for (const int i : {0, 1, 2, 17, 18, 39}) going.push_back("web-7f6b8-" + std::to_string(i));
        fixture.session.dropAll("Pod", "shop", going);
        QTRY_COMPARE(model.rowCount(), 34);
        QVERIFY(told);
        for (int row = 0; row < model.rowCount(); ++row) QCOMPARE(model.rowOf(model.objectAt(row)->metadata.uid), row);
    }

    void theProxySortsNumbersAsNumbersAndFiltersByWordsAndNamespace() {
        Fixture fixture;
        ResourceTableModel model(fixture.pods(), podColumns(fixture.inventory), fixture.clock);
        ResourceTableProxy proxy;
        proxy.setSourceModel(&model);
        QAbstractItemModelTester tester(&proxy, QAbstractItemModelTester::FailureReportingMode::QtTest);
        for (const int restarts : {2, 10, 1}) {
            auto pod = shopPod(7, std::to_string(restarts), PodLife::Ready, 1, restarts);
            pod->status.containerStatuses.front().restartCount = restarts;
            fixture.session.put(std::move(pod));
        }
        QTRY_COMPARE(proxy.rowCount(), 3);
        proxy.sort(6, Qt::AscendingOrder);
        QCOMPARE(names(proxy), (QStringList{QStringLiteral("web-7f6b8-1"), QStringLiteral("web-7f6b8-2"),
                                            QStringLiteral("web-7f6b8-10")}));
        proxy.setWords(QStringLiteral("ready B8-10"));
        QCOMPARE(names(proxy), QStringList{QStringLiteral("web-7f6b8-10")});
        proxy.setWords({});
        proxy.setNamespace(QStringLiteral("elsewhere"));
        QCOMPARE(proxy.rowCount(), 0);
    }

    void fiftyThousandRowsComeSortAndGo() {
        Fixture fixture;
        ResourceTableModel model(fixture.pods(), podColumns(fixture.inventory), fixture.clock);
        ResourceTableProxy proxy;
        proxy.setSourceModel(&model);
        proxy.sort(0);
        std::vector<std::unique_ptr<api::Object>> pods;
        for (int i = 0; i < 50'000; ++i) pods.push_back(shopPod(7, std::to_string(i), PodLife::Ready, 1, i % 250));
        QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
        fixture.session.putAll(std::move(pods));
        QTRY_COMPARE_WITH_TIMEOUT(proxy.rowCount(), 50'000, 60'000);
        QVERIFY2(inserted.count() <= 2, "a batch is one insertion");
        QCOMPARE(proxy.index(0, 0).data().toString(), QStringLiteral("web-7f6b8-0"));
        proxy.sort(0, Qt::DescendingOrder);
        QCOMPARE(proxy.index(0, 0).data().toString(), QStringLiteral("web-7f6b8-9999"));
    }

    void aListThatCameAnewDropsWhatIsGone() {
        Fixture fixture;
        LiveObjects& pods = fixture.pods();
        fixture.session.put(shopPod(7, "aaaaa", PodLife::Ready, 1, 1));
        QTRY_COMPARE(pods.size(), 1U);
        QVERIFY(pods.isSynced());
        QCOMPARE(pods.ownedBy("ReplicaSet/shop/web-7f6b8").size(), 1U);
        QVERIFY(pods.byName("shop", "web-7f6b8-aaaaa"));
        fixture.session.drop("Pod", "shop", "web-7f6b8-aaaaa");
        QTRY_COMPARE(pods.size(), 0U);
        QVERIFY(pods.ownedBy("ReplicaSet/shop/web-7f6b8").empty());
        QVERIFY(!pods.byName("shop", "web-7f6b8-aaaaa"));
    }
};

QTEST_MAIN(ResourceTableModelTest)
#include "resource_table_model_test.moc"

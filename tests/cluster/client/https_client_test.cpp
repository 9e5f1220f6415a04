#include "cluster/client/https_client.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>
#include <condition_variable>

#include "cluster/api/types/core_v1.h"
#include "cluster/client/typed.h"
#include "tests/cluster/apiserver/transport/server_fixture.h"

using namespace qd;
using namespace qd::client;
using namespace qd::testing;
using apiserver::Request;
using apiserver::Response;

namespace {

constexpr auto kPatience = std::chrono::seconds(20);

qd::client::ListOptions from(const std::string& resourceVersion) {
    qd::client::ListOptions options;
    options.resourceVersion = resourceVersion;
    return options;
}

// Spelled with single quotes, to be read more easily.
std::string jsonText(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return text;
}

Response json(std::string body, int code = 200) {
    Response response;
    response.code = code;
    response.headers = {{"Content-Type", "application/json"}};
    response.body.push_back(http::bytes(jsonText(std::move(body))));
    return response;
}

// Gives a body in the pieces that the test says.
class Pieces final : public apiserver::BodySource {
public:
    explicit Pieces(std::vector<std::string> pieces) : m_pieces(std::move(pieces)) {}
    void start(std::function<void()>) override {}
    State next(http::Buffers& out) override {
        if (m_next == m_pieces.size()) return State::End;
        out.push_back(http::bytes(jsonText(m_pieces[m_next++])));
        return State::More;
    }

private:
    std::vector<std::string> m_pieces;
    std::size_t m_next = 0;
};

Response pieces(std::vector<std::string> parts) {
    Response response;
    response.headers = {{"Content-Type", "application/json"}};
    response.stream = std::make_unique<Pieces>(std::move(parts));
    return response;
}

// Remembers each request; answers what the test says.
class Scene {
public:
    explicit Scene(std::function<Response(const Request&)> answer)
        : m_answer(std::move(answer)), m_server([this](Request request) { return handle(std::move(request)); }) {
        HttpsClientOptions options;
        options.http.server = m_server.url();
        options.http.authoritiesPem = testAuthority().certificate().pem();
        options.http.userAgent = "test/1";
        options.fieldManager = "tester";
        client = HttpsClient::create(m_threads, std::move(options), m_clock).value();
    }
    Request last() {
        const std::lock_guard lock(m_mutex);
        return m_last;
    }

    base::ThreadPool executor{"test", 2};
    std::unique_ptr<HttpsClient> client;

private:
    Response handle(Request request) {
        const std::lock_guard lock(m_mutex);
        m_last = std::move(request);
        return m_answer(m_last);
    }

    std::mutex m_mutex;
    Request m_last;
    std::function<Response(const Request&)> m_answer;
    base::SystemClock m_clock;
    TestServer m_server;
    HttpThreads m_threads;
};

class Events {
public:
    WatchHandler handler() {
        return [this](std::vector<WatchEvent> events) {
            const std::lock_guard lock(m_mutex);
            for (auto& event : events) all.push_back(std::move(event));
            m_changed.notify_all();
        };
    }
    bool waitEnded() {
        std::unique_lock lock(m_mutex);
        return m_changed.wait_for(lock, kPatience,
                                  [&] { return !all.empty() && all.back().type == WatchEvent::Type::Error; });
    }
    std::vector<WatchEvent> all;

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
};

const std::string kPod = "{'kind':'Pod','apiVersion':'v1','metadata':{'name':'web','namespace':'shop',"
                         "'resourceVersion':'7'},'spec':{'containers':[]},'status':{}}";
const ResourceName kPods{"", "v1", "pods"};

}  // namespace

class HttpsClientTest : public QObject {
    Q_OBJECT

private slots:
    void readsAnObject() {
        Scene scene([](const Request&) { return json(kPod); });
        const auto pod = Api<corev1::Pod>(*scene.client).get("shop", "web");
        QVERIFY2(pod, pod ? "" : pod.error().message.c_str());
        QCOMPARE((*pod)->metadata.resourceVersion, std::string("7"));
        QCOMPARE(scene.last().method, std::string("GET"));
        QCOMPARE(scene.last().path, std::string("/api/v1/namespaces/shop/pods/web"));
        QCOMPARE(std::string(scene.last().headers.get("Accept")), std::string("application/json"));
        QCOMPARE(std::string(scene.last().headers.get("User-Agent")), std::string("test/1"));
    }

    void givesTheServersErrorWithItsReasonAndDetails() {
        Scene scene([](const Request&) {
            return json("{'kind':'Status','apiVersion':'v1','status':'Failure','message':'no pod web',"
                        "'reason':'NotFound','details':{'name':'web','kind':'pods'},'code':404}",
                        404);
        });
        const auto pod = scene.client->get(kPods, "shop", "web");
        QVERIFY(!pod);
        QCOMPARE(pod.error().reason, Reason::NotFound);
        QCOMPARE(pod.error().message, std::string("no pod web"));
        QCOMPARE(pod.error().details->kind, std::string("pods"));
    }

    void listsWithSelectorsAndPages() {
        Scene scene([](const Request&) {
            return json("{'kind':'PodList','apiVersion':'v1','metadata':{'resourceVersion':'40','continue':'more',"
                        "'remainingItemCount':3},'items':[{'metadata':{'name':'a'}},{'metadata':{'name':'b'}}]}");
        });
        qd::client::ListOptions which;
        which.labelSelector = "app=x,tier!=y";
        which.limit = 2;
        const auto list = scene.client->list(kPods, "", which);
        QVERIFY(list);
        QCOMPARE(scene.last().path, std::string("/api/v1/pods"));
        QCOMPARE(std::string(scene.last().query.get("labelSelector")), std::string("app=x,tier!=y"));
        QCOMPARE(std::string(scene.last().query.get("limit")), std::string("2"));
        QCOMPARE(list->items.size(), std::size_t(2));
        QVERIFY(api::objectAs<corev1::Pod>(*list->items[1]) != nullptr);
        QCOMPARE(list->resourceVersion, std::string("40"));
        QCOMPARE(list->continueToken, std::string("more"));
        QCOMPARE(list->remaining, std::optional<std::int64_t>(3));
    }

    void saysWhoWritesAndWhy() {
        Scene scene([](const Request& request) { return json(request.body, 201); });
        corev1::Pod pod;
        pod.metadata.name = "web";
        pod.metadata.namespace_ = "shop";
        const CauseScope because(41);
        qd::client::WriteOptions tried;
        tried.dryRun = true;
        const auto made = Api<corev1::Pod>(*scene.client).create(pod, tried);
        QVERIFY2(made, made ? "" : made.error().message.c_str());
        QCOMPARE(scene.last().method, std::string("POST"));
        QCOMPARE(scene.last().path, std::string("/api/v1/namespaces/shop/pods"));
        QCOMPARE(std::string(scene.last().query.get("fieldManager")), std::string("tester"));
        QCOMPARE(std::string(scene.last().query.get("dryRun")), std::string("All"));
        QCOMPARE(std::string(scene.last().headers.get("Quarterdeck-Cause")), std::string("41"));
    }

    void takesAStatusForNoObject() {
        Scene scene([](const Request&) {
            return json("{'kind':'Status','apiVersion':'v1','metadata':{},'status':'Success','code':201}", 201);
        });
        corev1::Binding binding;
        binding.target.name = "node-1";
        const auto bound = scene.client->create(kPods, "shop", binding, {}, "web", "binding");
        QVERIFY(bound);
        QVERIFY(*bound == nullptr);
        QCOMPARE(scene.last().path, std::string("/api/v1/namespaces/shop/pods/web/binding"));
    }

    void updatesAndPatchesSubresources() {
        Scene scene([](const Request&) { return json(kPod); });
        corev1::Pod pod;
        pod.metadata.name = "web";
        pod.metadata.namespace_ = "shop";
        QVERIFY(Api<corev1::Pod>(*scene.client).updateStatus(pod));
        QCOMPARE(scene.last().method, std::string("PUT"));
        QCOMPARE(scene.last().path, std::string("/api/v1/namespaces/shop/pods/web/status"));
        PatchOptions options;
        options.force = true;
        options.fieldManager = "somebody";
        QVERIFY(scene.client->patch(kPods, "shop", "web", PatchKind::Apply, "{}", options));
        QCOMPARE(scene.last().method, std::string("PATCH"));
        QCOMPARE(std::string(scene.last().headers.get("Content-Type")), std::string("application/apply-patch+yaml"));
        QCOMPARE(std::string(scene.last().query.get("force")), std::string("true"));
        QCOMPARE(std::string(scene.last().query.get("fieldManager")), std::string("somebody"));
    }

    void removesWithPreconditions() {
        Scene scene([](const Request&) { return json("{'kind':'Status','apiVersion':'v1','status':'Success'}"); });
        qd::client::DeleteOptions options;
        options.gracePeriodSeconds = 0;
        options.propagationPolicy = "Foreground";
        options.uid = "u1";
        QVERIFY(scene.client->remove(kPods, "shop", "web", options));
        QCOMPARE(scene.last().method, std::string("DELETE"));
        const auto object = [](const std::string& text) { return QJsonDocument::fromJson(QByteArray::fromStdString(text)).object(); };
        QCOMPARE(object(scene.last().body),
                 object(jsonText("{'kind':'DeleteOptions','apiVersion':'meta.k8s.io/v1','gracePeriodSeconds':0,"
                                 "'preconditions':{'uid':'u1'},'propagationPolicy':'Foreground'}")));
    }

    void decodesAWatchHoweverItIsCut() {
        const std::string added = "{'type':'ADDED','object':" + kPod + "}\n";
        const std::string bookmark =
            "{'type':'BOOKMARK','object':{'kind':'Pod','apiVersion':'v1','metadata':{'resourceVersion':'9'}}}"
            "\n";
        const std::string deleted = "{'type':'DELETED','object':" + kPod + "}\n";
        const std::string all = added + bookmark + deleted;
        for (const std::size_t size : {std::size_t(1), std::size_t(7), std::size_t(100), all.size()}) {
            std::vector<std::string> parts;
            for (std::size_t at = 0; at < all.size(); at += size) parts.push_back(all.substr(at, size));
            Scene scene([&](const Request&) { return pieces(parts); });
            Events events;
            const auto watch =
                scene.client->watch(kPods, "shop", from("5"), scene.executor, events.handler());
            QVERIFY(watch);
            QVERIFY(events.waitEnded());
            QCOMPARE(std::string(scene.last().query.get("watch")), std::string("true"));
            QCOMPARE(std::string(scene.last().query.get("resourceVersion")), std::string("5"));
            QCOMPARE(events.all.size(), std::size_t(4));
            QCOMPARE(events.all[0].type, WatchEvent::Type::Added);
            QCOMPARE(events.all[0].object->metadata.name, std::string("web"));
            QCOMPARE(events.all[0].resourceVersion, std::string("7"));
            QCOMPARE(events.all[1].type, WatchEvent::Type::Bookmark);
            QCOMPARE(events.all[1].resourceVersion, std::string("9"));
            QCOMPARE(events.all[2].type, WatchEvent::Type::Deleted);
            QCOMPARE(events.all[3].error->reason, Reason::Timeout);
        }
    }

    void endsAWatchWithTheServersError_data() {
        QTest::addColumn<bool>("atOnce");
        QTest::newRow("instead of a watch") << true;
        QTest::newRow("in the watch") << false;
    }
    void endsAWatchWithTheServersError() {
        QFETCH(bool, atOnce);
        const std::string status = "{'kind':'Status','apiVersion':'v1','status':'Failure','message':'too old',"
                                   "'reason':'Expired','code':410}";
        Scene scene([&](const Request&) {
            return atOnce ? json(status, 410) : pieces({"{'type':'ERROR','object':" + status + "}\n"});
        });
        Events events;
        const auto watch = scene.client->watch(kPods, "", from("1"), scene.executor, events.handler());
        QVERIFY(events.waitEnded());
        QCOMPARE(events.all.size(), std::size_t(1));
        QCOMPARE(events.all[0].error->reason, Reason::Expired);
        QCOMPARE(events.all[0].error->message, std::string("too old"));
    }

    void tellsAnUnreachableServerAsTheEndOfTheWatch() {
        HttpThreads threads;
        base::SystemClock clock;
        base::ThreadPool executor{"test", 1};
        HttpsClientOptions options;
        options.http.server = "https://127.0.0.1:1";
        const auto client = HttpsClient::create(threads, std::move(options), clock).value();
        Events events;
        const auto watch = client->watch(kPods, "", {}, executor, events.handler());
        QVERIFY(events.waitEnded());
        QCOMPARE(events.all[0].error->reason, Reason::ServiceUnavailable);
    }
};

QTEST_GUILESS_MAIN(HttpsClientTest)
#include "https_client_test.moc"

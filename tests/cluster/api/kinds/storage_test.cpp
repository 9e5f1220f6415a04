// Claims, volumes, storage classes and what drivers say of themselves: defaults, what is refused, what may change,
// tables.
#include <QtTest>

#include "kind_trial.h"

using namespace qd::api;
using namespace qd::api::test;

namespace {

const Kind& claims() {
    return *builtinKind("", "v1", "PersistentVolumeClaim");
}
const Kind& volumes() {
    return *builtinKind("", "v1", "PersistentVolume");
}
const Kind& storage(const char* kind) {
    return *builtinKind("storage.k8s.io", "v1", kind);
}

std::string named(const std::string& rest) {
    return R"({"metadata":{"name":"x"},)" + rest + "}";
}
// more: further members of the spec, each with a comma before it.
std::string claim(const std::string& more, const std::string& size = "1Gi") {
    return named(R"("spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":")" + size + R"("}})" +
                 more + "}");
}
std::string volume(const std::string& source, const std::string& more = "") {
    return named(R"("spec":{"accessModes":["ReadWriteOnce"],"capacity":{"storage":"1Gi"},)" + source + more + "}");
}
std::string storageClass(const std::string& more) {
    return named(R"("provisioner":"example.com/disks")" + more);
}

const std::string kHostPath = R"("hostPath":{"path":"/data"})";
const std::string kCsi = R"("csi":{"driver":"d.example.com","volumeHandle":"h"})";

// For nodes that have the label.
std::string affinity(const std::string& label) {
    return ",\"nodeAffinity\":{\"required\":{\"nodeSelectorTerms\":[{\"matchExpressions\":[{\"key\":\"" + label +
           "\",\"operator\":\"Exists\"}]}]}}";
}

// Of one driver.
std::string node(const char* id, const char* count) {
    return named(std::string("\"spec\":{\"drivers\":[{\"name\":\"d\",\"nodeID\":\"") + id +
                 "\",\"allocatable\":{\"count\":" + count + "}}]}");
}

std::string attachment(const char* nodeName) {
    return named(std::string("\"spec\":{\"attacher\":\"d\",\"nodeName\":\"") + nodeName +
                 "\",\"source\":{\"persistentVolumeName\":\"v\"}}");
}

std::vector<Cell> row(const Kind& kind, const std::string& json) {
    return kind.cells(*decoded(kind, json), qd::base::WallTime(std::chrono::seconds(1000)));
}
std::string cell(const Kind& kind, const std::string& json, std::size_t column) {
    return std::get<std::string>(row(kind, json)[column]);
}

bool holds(const std::string& text, const QString& part) {
    return text.find(part.toStdString()) != std::string::npos;
}

}  // namespace

class StorageTest : public QObject {
    Q_OBJECT
private slots:
    void aNewClaimIsPendingAndForFiles() {
        const auto tried = create(
            claims(),
            named(
                R"("spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}},"status":{"phase":"Bound"})"));
        QCOMPARE(tried.faults, std::string());
        QVERIFY(holds(tried.json(), R"("volumeMode":"Filesystem")"));
        QVERIFY(holds(tried.json(), R"("status":{"phase":"Pending"})"));
    }

    void aClaimsFaultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const std::string& json, const char* faults) {
            QTest::newRow(name) << QString::fromStdString(json) << faults;
        };
        row("nothing", named(R"("spec":{})"),
            "spec.accessModes: Required value: at least 1 access mode is required\nspec.resources[storage]: Required "
            "value");
        row("no size", claim("", "0"), "spec.resources[storage]: Invalid value: \"0\": must be greater than zero");
        row("unknown mode", claim(R"(,"volumeMode":"Tape")"),
            "spec.volumeMode: Unsupported value: \"Tape\": supported values: \"Block\", \"Filesystem\"");
        row("one Pod and many",
            named(
                R"("spec":{"accessModes":["ReadWriteOncePod","ReadWriteMany"],"resources":{"requests":{"storage":"1"}}})"),
            "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes");
        row("two sources",
            claim(
                R"(,"dataSource":{"kind":"PersistentVolumeClaim","name":"a"},"dataSourceRef":{"kind":"PersistentVolumeClaim","name":"b"})"),
            "spec: Invalid value: {}: must match dataSourceRef");
        row("source without a name", claim(R"(,"dataSourceRef":{"kind":"PersistentVolumeClaim"})"),
            "spec.dataSource.name: Required value\nspec.dataSourceRef.name: Required value");
    }
    void aClaimsFaultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(QString::fromStdString(create(claims(), json.toStdString()).faults), faults);
    }

    void aDataSourceAndItsReferenceSayTheSame() {
        const std::string source = R"({"apiGroup":"snapshot.storage.k8s.io","kind":"VolumeSnapshot","name":"s"})";
        QVERIFY(holds(create(claims(), claim(R"(,"dataSource":)" + source)).json(),
                      QString::fromStdString(R"("dataSourceRef":)" + source)));
        QVERIFY(holds(create(claims(), claim(R"(,"dataSourceRef":)" + source)).json(),
                      QString::fromStdString(R"("dataSource":)" + source)));
    }

    void aDataSourceOfAnotherKindIsIgnored() {
        QVERIFY(!holds(
            create(claims(), claim(R"(,"dataSource":{"apiGroup":"example.com","kind":"Tape","name":"s"})")).json(),
            "dataSource"));
    }

    void claimsChange_data() {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        QTest::addColumn<QString>("fault");  // empty: allowed
        const auto row = [](const char* name, const std::string& before, const std::string& after, const char* fault) {
            QTest::newRow(name) << QString::fromStdString(before) << QString::fromStdString(after) << fault;
        };
        row("the binder names the volume", claim(""), claim(R"(,"volumeName":"v")"), "");
        row("the volume stays", claim(R"(,"volumeName":"v")"), claim(R"(,"volumeName":"w")"),
            "spec: Forbidden: spec is immutable after creation");
        row("a class is found later", claim(""), claim(R"(,"storageClassName":"fast")"), "");
        row("the class stays", claim(R"(,"storageClassName":"slow")"), claim(R"(,"storageClassName":"fast")"),
            "- \"StorageClassName\": \"slow\",\n+ \"StorageClassName\": \"fast\",");
        row("unbound claims do not grow", claim(""), claim("", "2Gi"),
            "spec: Forbidden: spec is immutable after creation");
        row("the mode stays", claim(""), claim(R"(,"volumeMode":"Block")"),
            "volumeMode: Invalid value: \"Block\": field is immutable");
        row("attributes are not taken back", claim(R"(,"volumeAttributesClassName":"gold")"), claim(""),
            "spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden");
    }
    void claimsChange() {
        QFETCH(QString, before);
        QFETCH(QString, after);
        QFETCH(QString, fault);
        const std::string faults = update(claims(), before.toStdString(), after.toStdString()).faults;
        QVERIFY2(fault.isEmpty() ? faults.empty() : holds(faults, fault), faults.c_str());
    }

    void aBoundClaimGrowsAndShrinksToWhatThereIs_data() {
        QTest::addColumn<QString>("size");
        QTest::addColumn<QString>("faults");
        QTest::newRow("larger") << "4Gi" << "";
        QTest::newRow("less than was asked for, more than there is") << "2Gi" << "";
        QTest::newRow("what there is")
            << "1Gi" << "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity";
    }
    void aBoundClaimGrowsAndShrinksToWhatThereIs() {
        QFETCH(QString, size);
        QFETCH(QString, faults);
        const std::string bound =
            R"({"metadata":{"name":"x","namespace":"default","resourceVersion":"1"},"spec":{"accessModes":["ReadWriteOnce"],"volumeName":"v",)"
            R"("resources":{"requests":{"storage":"%1"}}},"status":{"phase":"Bound","capacity":{"storage":"1Gi"}}})";
        const auto old = decoded(claims(), QString::fromStdString(bound).arg("3Gi").toStdString());
        const auto now = decoded(claims(), QString::fromStdString(bound).arg(size).toStdString());
        QCOMPARE(QString::fromStdString(told(claims().update.validate(*now, *old))), faults);
    }

    void aClaimsStatusIsChecked() {
        const std::string before = claim("");
        const auto after =
            R"({"metadata":{"name":"x"},"status":{"capacity":{"storage":"-1"},"allocatedResources":{"cpu":"1"},"allocatedResourceStatuses":{"storage":"Soon"}}})";
        const std::string faults = update(claims(), before, after, "status").faults;
        QVERIFY2(holds(faults, "status.capacity[storage]: Invalid value: -1: must be a valid resource quantity"),
                 faults.c_str());
        QVERIFY2(holds(faults, "status.allocatedResources: Unsupported value: \"cpu\": supported values: \"storage\""),
                 faults.c_str());
        QVERIFY2(holds(faults, "status.allocatedResourceStatus: Unsupported value: \"storage\""), faults.c_str());
    }

    void aClaimIsListedWithWhatItsVolumeGives() {
        const std::string bound =
            R"({"metadata":{"name":"x"},"spec":{"volumeName":"v","storageClassName":"fast"},"status":{"phase":"Bound","capacity":{"storage":"2Gi"},"accessModes":["ReadOnlyMany","ReadWriteOnce"]}})";
        QCOMPARE(cell(claims(), bound, 1), std::string("Bound"));
        QCOMPARE(cell(claims(), bound, 3), std::string("2Gi"));
        QCOMPARE(cell(claims(), bound, 4), std::string("RWO,ROX"));
        QCOMPARE(cell(claims(), bound, 5), std::string("fast"));
        QCOMPARE(cell(claims(), claim(""), 3), std::string());
    }

    void aNewVolumeIsKeptAfterItsClaim() {
        const std::string json = create(volumes(), volume(kHostPath)).json();
        QVERIFY(holds(json, R"("persistentVolumeReclaimPolicy":"Retain")"));
        QVERIFY(holds(json, R"("volumeMode":"Filesystem")"));
        QVERIFY(holds(json, R"("hostPath":{"path":"/data","type":""})"));
        QVERIFY(holds(json, R"("phase":"Pending")"));
    }

    void aVolumesFaultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const std::string& json, const char* faults) {
            QTest::newRow(name) << QString::fromStdString(json) << faults;
        };
        row("nothing", named(R"("spec":{})"),
            "spec.accessModes: Required value\nspec.capacity: Required value\nspec.capacity: Unsupported value: null: "
            "supported values: \"storage\"\n"
            "spec: Required value: must specify a volume type");
        row("two types", volume(kHostPath, "," + kCsi), "spec.csi: Forbidden: may not specify more than 1 volume type");
        row("local volumes are on a node", volume(R"("local":{"path":"/mnt"})"),
            "spec.nodeAffinity: Required value: Local volume requires node affinity");
        row("an affinity for no node", volume(kHostPath, R"(,"nodeAffinity":{})"),
            "spec.nodeAffinity.required: Required value: must specify required node constraints");
        row("a secret of no namespace",
            volume(R"("csi":{"driver":"d","volumeHandle":"h","nodePublishSecretRef":{"name":"s"}})"),
            "spec.csi.nodePublishSecretRef.namespace: Required value");
        row("attributes without a driver", volume(kHostPath, R"(,"volumeAttributesClassName":"gold")"),
            "spec.csi: Required value: has to be specified when using volumeAttributesClassName");
        row("recycling the root", volume(R"("hostPath":{"path":"/"})", R"(,"persistentVolumeReclaimPolicy":"Recycle")"),
            "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'");
        row("a Cinder secret of no namespace", volume(R"("cinder":{"volumeID":"i","secretRef":{"name":"s"}})"),
            "spec.cinder.secretRef.namespace: Required value");
    }
    void aVolumesFaultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(QString::fromStdString(create(volumes(), json.toStdString()).faults), faults);
    }

    void volumesChange_data() {
        QTest::addColumn<QString>("before");
        QTest::addColumn<QString>("after");
        QTest::addColumn<QString>("fault");  // empty: allowed
        const auto row = [](const char* name, const std::string& before, const std::string& after, const char* fault) {
            QTest::newRow(name) << QString::fromStdString(before) << QString::fromStdString(after) << fault;
        };
        row("the source stays", volume(kHostPath), volume(R"("hostPath":{"path":"/other"})"),
            "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation");
        row("a secret for expansion comes later", volume(kCsi),
            volume(
                R"("csi":{"driver":"d.example.com","volumeHandle":"h","controllerExpandSecretRef":{"name":"s","namespace":"n"}})"),
            "");
        row("an affinity comes later", volume(kCsi), volume(kCsi, affinity("a")), "");
        row("an affinity stays", volume(kCsi, affinity("a")), volume(kCsi, affinity("b")),
            "nodeAffinity: Invalid value: {\"Required\":");
        row("a beta label becomes a stable one", volume(kCsi, affinity("failure-domain.beta.kubernetes.io/zone")),
            volume(kCsi, affinity("topology.kubernetes.io/zone")), "");
        row("a claim comes and goes", volume(kCsi), volume(kCsi, R"(,"claimRef":{"namespace":"n","name":"c"})"), "");
    }
    void volumesChange() {
        QFETCH(QString, before);
        QFETCH(QString, after);
        QFETCH(QString, fault);
        const std::string faults = update(volumes(), before.toStdString(), after.toStdString()).faults;
        QVERIFY2(fault.isEmpty() ? faults.empty() : holds(faults, fault), faults.c_str());
    }

    void aVolumeIsListedWithItsClaim() {
        const std::string json = volume(kCsi, R"(,"storageClassName":"fast","claimRef":{"namespace":"n","name":"c"})");
        QCOMPARE(cell(volumes(), json, 1), std::string("1Gi"));
        QCOMPARE(cell(volumes(), json, 3), std::string("Retain"));
        QCOMPARE(cell(volumes(), json, 5), std::string("n/c"));
        QCOMPARE(cell(volumes(), json, 7), std::string("<unset>"));
    }

    void aClassDeletesVolumesAndBindsAtOnce() {
        const std::string json = create(storage("StorageClass"), storageClass("")).json();
        QVERIFY(holds(json, R"("reclaimPolicy":"Delete")"));
        QVERIFY(holds(json, R"("volumeBindingMode":"Immediate")"));
    }

    void classesFaultsNameTheField_data() {
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const std::string& json, const char* faults) {
            QTest::newRow(name) << QString::fromStdString(json) << faults;
        };
        row("no provisioner", named(R"("parameters":{})"), "provisioner: Required value");
        row("recycling", storageClass(R"(,"reclaimPolicy":"Recycle")"),
            "reclaimPolicy: Unsupported value: \"Recycle\": supported values: \"Delete\", \"Retain\"");
        row("a parameter without a name", storageClass(R"(,"parameters":{"":"v"})"),
            "parameters: Invalid value: \"\": field can not be empty.");
        row("a topology that says nothing", storageClass(R"(,"allowedTopologies":[{}])"),
            "allowedTopologies[0].matchLabelExpressions: Duplicate value: \"\"");
        row("a topology told twice",
            storageClass(
                R"(,"allowedTopologies":[{"matchLabelExpressions":[{"key":"zone","values":["a","b"]}]},{"matchLabelExpressions":[{"key":"zone","values":["b","a"]}]}])"),
            "allowedTopologies[1].matchLabelExpressions: Duplicate value: \"\"");
    }
    void classesFaultsNameTheField() {
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(QString::fromStdString(create(storage("StorageClass"), json.toStdString()).faults), faults);
    }

    void classesStayButForExpansionAndMountOptions() {
        const std::string before = storageClass(R"(,"parameters":{"a":"b"})");
        QCOMPARE(update(storage("StorageClass"), before,
                        storageClass(R"(,"parameters":{"a":"b"},"allowVolumeExpansion":true,"mountOptions":["ro"])"))
                     .faults,
                 std::string());
        QCOMPARE(update(storage("StorageClass"), before, storageClass(R"(,"parameters":{"a":"c"})")).faults,
                 std::string("parameters: Invalid value: {\"a\":\"c\"}: field is immutable"));
        QCOMPARE(
            update(storage("StorageClass"), before, storageClass(R"(,"parameters":{"a":"b"},"reclaimPolicy":"Retain")"))
                .faults,
            std::string("reclaimPolicy: Invalid value: \"Retain\": field is immutable"));
    }

    void theDefaultClassIsMarkedInTheTable() {
        const std::string json =
            R"({"metadata":{"name":"x","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},"provisioner":"p"})";
        QCOMPARE(cell(storage("StorageClass"), json, 0), std::string("x (default)"));
        QCOMPARE(std::get<bool>(row(storage("StorageClass"), json)[4]), false);
    }

    void driversFaultsNameTheField_data() {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("faults");
        const auto row = [](const char* name, const char* kind, const std::string& json, const char* faults) {
            QTest::newRow(name) << kind << QString::fromStdString(json) << faults;
        };
        row("an attachment of nothing", "VolumeAttachment",
            named(R"("spec":{"attacher":"d","nodeName":"n","source":{}})"),
            "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        row("an attachment of a volume of no proper name", "VolumeAttachment",
            named(R"("spec":{"attacher":"d","nodeName":"n","source":{"persistentVolumeName":"A"}})"),
            "spec.source.persistentVolumeName: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of "
            "lower "
            "case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
            "'example.com', regex used for validation is "
            "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
        row("an inlined volume has no class", "VolumeAttachment",
            named(
                R"("spec":{"attacher":"d","nodeName":"n","source":{"inlineVolumeSpec":{"accessModes":["ReadWriteOnce"],"storageClassName":"c",)" +
                kCsi + "}}}"),
            "spec.source.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of inline "
            "volumes");
        row("a driver twice", "CSINode",
            named(R"("spec":{"drivers":[{"name":"d","nodeID":"a"},{"name":"d","nodeID":"b"}]})"),
            "spec.drivers[1].name: Duplicate value: \"d\"");
        row("a driver without an identity", "CSINode", named(R"("spec":{"drivers":[{"name":"d","nodeID":""}]})"),
            "spec.drivers[0].nodeID: Required value");
        row("two tokens of one audience", "CSIDriver",
            named(R"("spec":{"tokenRequests":[{"audience":"a"},{"audience":"a"}]})"),
            "spec.tokenRequests[1].audience: Duplicate value: \"a\"");
        row("a short token", "CSIDriver",
            named(R"("spec":{"tokenRequests":[{"audience":"a","expirationSeconds":10}]})"),
            "spec.tokenRequests[0].expirationSeconds: Invalid value: 10: may not specify a duration less than 10 "
            "minutes");
        row("less than nothing", "CSIStorageCapacity", named(R"("storageClassName":"c","capacity":"-1")"),
            "capacity: Invalid value: \"-1\": must be greater than or equal to 0");
        row("attributes of nothing", "VolumeAttributesClass", named(R"("driverName":"d")"),
            "parameters: Required value: must contain at least one key/value pair");
    }
    void driversFaultsNameTheField() {
        QFETCH(QString, kind);
        QFETCH(QString, json);
        QFETCH(QString, faults);
        QCOMPARE(QString::fromStdString(create(storage(kind.toStdString().c_str()), json.toStdString()).faults),
                 faults);
    }

    void aDriverIsFilledUp() {
        const std::string json = create(storage("CSIDriver"), named(R"("spec":{})")).json();
        for (const char* part :
             {R"("attachRequired":true)", R"("podInfoOnMount":false)", R"("fsGroupPolicy":"ReadWriteOnceWithFSType")",
              R"("volumeLifecycleModes":["Persistent"])", R"("requiresRepublish":false)", R"("seLinuxMount":false)"})
            QVERIFY2(holds(json, part), part);
    }

    void whatADriverSaidOfANodeStaysButItsRoom() {
        QCOMPARE(update(storage("CSINode"), node("a", "1"), node("a", "2")).faults, std::string());
        QVERIFY(holds(update(storage("CSINode"), node("a", "1"), node("b", "1")).faults,
                      "spec.drivers: Invalid value: {\"Name\":\"d\",\"NodeID\":\"b\""));
    }

    void anAttachmentsSpecStays() {
        QCOMPARE(update(storage("VolumeAttachment"), attachment("a"), attachment("b")).faults,
                 std::string("spec: Invalid value: "
                             "{\"Attacher\":\"d\",\"Source\":{\"PersistentVolumeName\":\"v\",\"InlineVolumeSpec\":null}"
                             ",\"NodeName\":\"b\"}: field is immutable"));
    }
};

QTEST_APPLESS_MAIN(StorageTest)
#include "storage_test.moc"

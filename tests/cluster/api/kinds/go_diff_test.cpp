// Differences as messages show them. The expected texts of plain ones are Python's difflib's.
#include <QtTest>

#include "cluster/api/kinds/go_json.h"
#include "cluster/api/meta/unified_diff.h"
#include "cluster/api/types/core_v1.h"

using namespace qd;

namespace {

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
}

}  // namespace

class GoDiffTest final : public QObject {
    Q_OBJECT
private slots:
    void sameTextsHaveNoDifference() { QCOMPARE(api::unifiedDiff("a\nb", "a\nb"), std::string()); }

    void changesFarApartStandInHunksOfTheirOwn() {
        std::vector<std::string> lines;
        for (int i = 0; i < 30; ++i) lines.push_back("line " + std::to_string(i));
        std::vector<std::string> changed = lines;
        changed[3] = "line three";
        changed.erase(changed.begin() + 25);
        QCOMPARE(
            api::unifiedDiff(joined(lines), joined(changed)),
            std::string("@@ -1,7 +1,7 @@\n line 0\n line 1\n line 2\n-line 3\n+line three\n line 4\n line 5\n line 6\n"
                        "@@ -23,7 +23,6 @@\n line 22\n line 23\n line 24\n-line 25\n line 26\n line 27\n line 28\n"));
    }

    void linesThatAreEverywhereInALongTextDoNotMisleadIt() {
        std::vector<std::string> before(250, "x");
        for (std::size_t i = 0; i < before.size(); i += 7) before[i] = "u" + std::to_string(i);
        std::vector<std::string> after = before;
        after[100] = "new";
        after.erase(after.begin() + 30, after.begin() + 33);
        after.insert(after.begin() + 200, "x");
        QCOMPARE(api::unifiedDiff(joined(before), joined(after)),
                 std::string("@@ -30,9 +30,6 @@\n x\n x\n x\n-x\n-x\n-x\n u35\n x\n x\n@@ -98,7 +95,7 @@\n x\n u98\n "
                             "x\n-x\n+new\n x\n x\n x\n"
                             "@@ -201,6 +198,7 @@\n x\n x\n x\n+x\n u203\n x\n x\n"));
    }

    void aPodIsShownAsUpstreamsInternalTypeHasIt() {
        corev1::PodSpec before;
        before.nodeName = "one";
        corev1::PodSpec after = before;
        after.hostNetwork = true;
        after.overhead["cpu"] = *api::Quantity::parse("250m");
        QCOMPARE(api::goDiff(before, after),
                 std::string(
                     "@@ -12,7 +12,7 @@\n  \"AutomountServiceAccountToken\": null,\n  \"NodeName\": \"one\",\n  "
                     "\"SecurityContext\": {\n-  \"HostNetwork\": false,\n+  \"HostNetwork\": true,\n"
                     "   \"HostPID\": false,\n   \"HostIPC\": false,\n   \"ShareProcessNamespace\": null,\n"
                     "@@ -45,7 +45,9 @@\n  \"DNSConfig\": null,\n  \"ReadinessGates\": null,\n  \"RuntimeClassName\": "
                     "null,\n- \"Overhead\": null,\n+ \"Overhead\": {\n+  \"cpu\": \"250m\"\n+ },\n"
                     "  \"EnableServiceLinks\": null,\n  \"TopologySpreadConstraints\": null,\n  \"OS\": null,\n"));
    }
};

QTEST_APPLESS_MAIN(GoDiffTest)
#include "go_diff_test.moc"

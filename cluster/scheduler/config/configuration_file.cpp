#include "cluster/scheduler/config/configuration_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cluster/api/codec/yaml.h"
#include "cluster/scheduler/config/arguments_reader.h"
#include "cluster/scheduler/config/fields.h"

namespace qd::scheduler {
namespace {

namespace field = api::field;

constexpr std::string_view kApiVersion = "kubescheduler.config.k8s.io/v1";
constexpr std::string_view kKind = "KubeSchedulerConfiguration";
const std::string kPrioritySort = "PrioritySort";  // how the queue is ordered, always

const std::pair<const char*, Point> kPointNames[] = {
    {"preEnqueue", Point::PreEnqueue}, {"preFilter", Point::PreFilter},
    {"filter", Point::Filter},         {"postFilter", Point::PostFilter},
    {"preScore", Point::PreScore},     {"score", Point::Score},
    {"reserve", Point::Reserve},       {"permit", Point::Permit},
    {"preBind", Point::PreBind},       {"bind", Point::Bind}};

std::vector<std::string> knownPlugins() {
    std::vector<std::string> names(pluginNames().begin(), pluginNames().end());
    names.push_back(kPrioritySort);
    std::ranges::sort(names);
    return names;
}

void checkPercentage(const field::Path& path, int percentage, field::Errors& errors) {
    if (percentage < 0 || percentage > 100)
        errors.push_back(field::invalid(path, percentage, "not in valid range [0-100]"));
}

PluginUse readUse(const boost::json::value& value, const field::Path& path, Problems& problems) {
    PluginUse use;
    Fields fields(value, path, problems);
    fields.read("name", use.name);
    fields.read("weight", use.weight);
    return use;
}

// point: null for multiPoint.
PluginSet readSet(const boost::json::value& value, const field::Path& path, const Point* point, Problems& problems) {
    PluginSet set;
    Fields fields(value, path, problems);
    fields.each("enabled", [&](const boost::json::value& each, const field::Path& at) {
        PluginUse use = readUse(each, at, problems);
        const field::Path name = at.child("name");
        if (use.name == kPrioritySort && !point) return;
        if (!pluginNames().contains(use.name)) {
            problems.errors.push_back(field::notSupported(name, use.name, knownPlugins()));
        } else if (point && !pluginWorksAt(use.name, *point)) {
            problems.errors.push_back(field::invalid(name, use.name, "plugin does not extend this extension point"));
        } else if (std::ranges::find(set.enabled, use.name, &PluginUse::name) != set.enabled.end()) {
            problems.errors.push_back(field::duplicate(name, use.name));
        } else {
            set.enabled.push_back(std::move(use));
        }
    });
    fields.each("disabled", [&](const boost::json::value& each, const field::Path& at) {
        set.disabled.insert(readUse(each, at, problems).name);
    });
    return set;
}

// Those that are enabled take the places of the defaults of the same names; the others follow.
PluginSet merged(PluginSet defaults, PluginSet custom) {
    PluginSet all;
    all.disabled = std::move(custom.disabled);
    if (!all.disabled.contains("*")) {
        for (auto& use : defaults.enabled) {
            if (all.disabled.contains(use.name)) continue;
            const auto own = std::ranges::find(custom.enabled, use.name, &PluginUse::name);
            all.enabled.push_back(own == custom.enabled.end() ? std::move(use) : *own);
        }
    }
    for (auto& use : custom.enabled) {
        if (std::ranges::find(all.enabled, use.name, &PluginUse::name) == all.enabled.end())
            all.enabled.push_back(std::move(use));
    }
    return all;
}

void readPlugins(const boost::json::value& value, const field::Path& path, ProfileConfiguration& profile,
                 Problems& problems) {
    Fields fields(value, path, problems);
    for (const auto& [name, point] : kPointNames) {
        if (const auto* set = fields.member(name))
            profile.points[point] = readSet(*set, fields.at(name), &point, problems);
    }
    if (const auto* set = fields.member("multiPoint"))
        profile.multiPoint = merged(profile.multiPoint, readSet(*set, fields.at("multiPoint"), nullptr, problems));
    fields.ignore("postBind");
    const auto* sort = fields.member("queueSort");
    if (!sort) return;
    Fields set(*sort, fields.at("queueSort"), problems);
    set.ignore("disabled");
    set.each("enabled", [&](const boost::json::value& each, const field::Path& at) {
        const PluginUse use = readUse(each, at, problems);
        if (use.name != kPrioritySort)
            problems.errors.push_back(field::notSupported(at.child("name"), use.name, {kPrioritySort}));
    });
}

void checkBinder(const ProfileConfiguration& profile, const field::Path& path, field::Errors& errors) {
    const auto binders =
        pluginsAt(Point::Bind, profile, [](const std::string& name) { return pluginWorksAt(name, Point::Bind); });
    if (binders.empty())
        errors.push_back(field::required(path.child("plugins", "bind"), "at least one bind plugin is needed"));
}

ProfileConfiguration readProfile(const boost::json::value& value, const field::Path& path, Problems& problems) {
    ProfileConfiguration profile = defaultProfile();
    Fields fields(value, path, problems);
    fields.read("schedulerName", profile.schedulerName);
    if (profile.schedulerName.empty()) problems.errors.push_back(field::required(fields.at("schedulerName")));
    fields.read("percentageOfNodesToScore", profile.percentageOfNodesToScore);
    checkPercentage(fields.at("percentageOfNodesToScore"), profile.percentageOfNodesToScore, problems.errors);
    if (const auto* plugins = fields.member("plugins")) readPlugins(*plugins, fields.at("plugins"), profile, problems);
    checkBinder(profile, path, problems.errors);
    std::set<std::string> configured;
    fields.each("pluginConfig", [&](const boost::json::value& each, const field::Path& at) {
        Fields entry(each, at, problems);
        std::string name;
        entry.read("name", name);
        if (!configured.insert(name).second) problems.errors.push_back(field::duplicate(at, name));
        const auto* arguments = entry.member("args");
        if (arguments) readArguments(name, *arguments, entry.at("args"), profile.arguments, problems);
    });
    return profile;
}

void readBackoff(Fields& fields, BackoffTimes& backoff) {
    std::int64_t first = 1;
    std::int64_t longest = 10;
    fields.read("podInitialBackoffSeconds", first);
    fields.read("podMaxBackoffSeconds", longest);
    auto& errors = fields.problems().errors;
    if (first <= 0)
        errors.push_back(field::invalid(fields.at("podInitialBackoffSeconds"), first, "must be greater than 0"));
    if (longest < first) {
        errors.push_back(field::invalid(fields.at("podMaxBackoffSeconds"), longest,
                                        "must be greater than or equal to PodInitialBackoffSeconds"));
    }
    backoff = {std::chrono::seconds(first), std::chrono::seconds(longest)};
}

void checkNames(const Configuration& configuration, field::Errors& errors) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < configuration.profiles.size(); ++i) {
        const auto& name = configuration.profiles[i].schedulerName;
        if (!name.empty() && !names.insert(name).second)
            errors.push_back(field::duplicate(field::Path("profiles").index(i).child("schedulerName"), name));
    }
}

void readRoot(const boost::json::value& tree, Configuration& configuration, Problems& problems) {
    Fields fields(tree, field::Path(), problems);
    for (const char* aside : {"apiVersion", "kind", "leaderElection", "clientConnection", "enableProfiling",
                              "enableContentionProfiling", "delayCacheUntilActive"})
        fields.ignore(aside);
    std::int64_t parallelism = 16;
    fields.read("parallelism", parallelism);
    if (parallelism <= 0)
        problems.errors.push_back(
            field::invalid(fields.at("parallelism"), parallelism, "should be an integer value greater than zero"));
    int percentage = 0;
    fields.read("percentageOfNodesToScore", percentage);
    checkPercentage(fields.at("percentageOfNodesToScore"), percentage, problems.errors);
    readBackoff(fields, configuration.backoff);
    fields.each("extenders", [&](const boost::json::value&, const field::Path& at) {
        problems.errors.push_back(field::forbidden(at, "extenders are not supported"));
    });
    fields.each("profiles", [&](const boost::json::value& each, const field::Path& at) {
        configuration.profiles.push_back(readProfile(each, at, problems));
    });
    if (configuration.profiles.empty()) configuration.profiles.push_back(defaultProfile());
    for (auto& profile : configuration.profiles) {
        if (profile.percentageOfNodesToScore == 0) profile.percentageOfNodesToScore = percentage;
    }
    checkNames(configuration, problems.errors);
}

Result<void> checkType(const boost::json::value& tree) {
    const auto* object = tree.if_object();
    const auto text = [&](std::string_view name) {
        const auto* value = object ? object->if_contains(name) : nullptr;
        const auto* found = value ? value->if_string() : nullptr;
        return found ? std::string_view(*found) : std::string_view();
    };
    if (text("kind") == kKind && text("apiVersion") == kApiVersion) return {};
    return fail(Reason::BadRequest, fmt::format("no kind \"{}\" is registered for version \"{}\": expected {} of {}",
                                                text("kind"), text("apiVersion"), kKind, kApiVersion));
}

}  // namespace

Result<Configuration> parseConfiguration(std::string_view text) {
    std::vector<std::string> duplicates;
    const auto documents = api::parseYaml(text, &duplicates);
    if (!documents) return fail(documents.error());
    if (!duplicates.empty())
        return fail(Reason::BadRequest, fmt::format("strict decoding error: {}", fmt::join(duplicates, ", ")));
    if (documents->size() != 1)
        return fail(Reason::BadRequest, fmt::format("expected one document, found {}", documents->size()));
    const auto& tree = documents->front().tree;
    if (auto typed = checkType(tree); !typed) return fail(std::move(typed.error()));
    Configuration configuration;
    Problems problems;
    readRoot(tree, configuration, problems);
    std::vector<std::string> words;
    for (const auto& path : problems.unknown) words.push_back(fmt::format("unknown field \"{}\"", path));
    if (!words.empty())
        return fail(Reason::BadRequest, fmt::format("strict decoding error: {}", fmt::join(words, ", ")));
    for (const auto& error : problems.errors) words.push_back(error.message());
    if (!words.empty()) return fail(Reason::Invalid, field::aggregate(words));
    return configuration;
}

Result<Configuration> loadConfiguration(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        return fail(Reason::NotFound, fmt::format("cannot read the scheduler's configuration {}", file.string()));
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    auto configuration = parseConfiguration(text);
    if (!configuration) return fail(configuration.error().within(file.string()));
    return configuration;
}

}  // namespace qd::scheduler

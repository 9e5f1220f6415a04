#include "vmnodes/agent/access/certificate_manager.h"

#include <algorithm>
#include <mutex>
#include <system_error>

#include "cluster/api/types/authentication_v1.h"
#include "cluster/base/log.h"
#include "cluster/base/pki/private_file.h"
#include "cluster/client/typed.h"
#include "vmnodes/agent/access/client_certificate.h"
#include "vmnodes/agent/access/signing_request.h"

namespace qd::agent {
namespace {

using namespace std::chrono_literals;
using certificatesv1::CertificateSigningRequest;

constexpr char kCertificateFile[] = "kubelet-client-current.pem";
constexpr char kJoinKeyFile[] = "kubelet-client.key.tmp";
// A machine that was suspended finds that the wall clock has gone on: nothing waits longer than this without looking at
// it.
constexpr base::Duration kLook = 1min;
constexpr base::Duration kConfirmAgain = 10s;
constexpr base::Duration kFirstPoll = 100ms;
constexpr base::Duration kSlowestPoll = 2s;
// How long a request is waited for: one that needs a person's approval, and one that controllers approve.
constexpr base::Duration kJoinWithin = 1h;
constexpr base::Duration kRenewWithin = 15min;
constexpr base::Duration kFirstRetry = 2s;
constexpr base::Duration kSlowestRetry = 32s;
constexpr double kRetrySpread = 0.1;

}  // namespace

struct CertificateManager::State : std::enable_shared_from_this<State> {
    State(base::Executor& theExecutor, base::Random& theRandom, Options theOptions, client::Client& theOwn,
          client::Client* theBootstrap, Changed theChanged)
        : executor(theExecutor),
          strand(theExecutor),
          random(theRandom),
          options(std::move(theOptions)),
          own(theOwn),
          bootstrap(theBootstrap),
          changed(std::move(theChanged)) {}

    enum class By : std::uint8_t { Token, Certificate };

    struct Request {
        By by;
        pki::PrivateKey key;
        std::string name = {};
        std::string uid = {};
        base::SteadyTime until = {};
        base::Duration nextPoll = kFirstPoll;
    };

    base::Executor& executor;
    base::Strand strand;
    base::Random& random;
    const Options options;
    client::Client& own;
    client::Client* const bootstrap;
    const Changed changed;

    mutable std::mutex mutex;
    std::optional<ClientCertificate> current;  // guarded by mutex; changed on the strand only
    bool refused = false;                      // likewise: the server does not take it
    bool stopped = false;                      // guarded by mutex
    base::Timer timer;                         // guarded by mutex

    // On the strand only.
    base::WallTime renewAt{};
    bool confirmed = false;
    std::optional<Request> request;
    base::Duration nextRetry = kFirstRetry;

    base::WallTime now() const { return executor.clock().now(); }
    std::filesystem::path certificateFile() const { return options.folder / kCertificateFile; }
    std::filesystem::path joinKeyFile() const { return options.folder / kJoinKeyFile; }
    std::shared_ptr<spdlog::logger> log() const { return base::logger("certificates"); }

    bool isUsable() const {
        const std::lock_guard lock(mutex);
        return current && !refused && !isOver(current->certificate, now());
    }

    void again(base::Duration in, void (State::*step)()) {
        const std::lock_guard lock(mutex);
        if (stopped) return;
        timer = executor.postAfter(in, [weak = weak_from_this(), step] {
            if (const auto self = weak.lock()) self->post(step);
        });
    }
    void post(void (State::*step)()) {
        strand.post([self = shared_from_this(), step] {
            {
                const std::lock_guard lock(self->mutex);
                if (self->stopped) return;
            }
            ((*self).*step)();
        });
    }

    // --- What there is ---

    void begin() {
        auto found = readClientCertificate(certificateFile(), options.nodeName);
        if (found) {
            adopt(std::move(*found));
        } else if (found.error().reason != Reason::NotFound) {
            log()->warn("{}: asking for another one", found.error().message);
        }
        look();
    }

    void adopt(ClientCertificate certificate) {
        renewAt = renewalTime(certificate.certificate, random.unit());
        confirmed = false;
        nextRetry = kFirstRetry;
        changed(certificate.pem);
        const std::lock_guard lock(mutex);
        current = std::move(certificate);
        refused = false;
    }

    void wake() {
        if (!request) look();
    }

    void look() {
        const base::WallTime present = now();
        const bool usable = isUsable();
        if (!usable) return ask(By::Token);
        if (present >= renewAt) return ask(By::Certificate);
        if (!confirmed && !confirm()) return;
        again(std::clamp<base::Duration>(renewAt - present, 1s, confirmed ? kLook : kConfirmAgain), &State::look);
    }

    // Asks who the server thinks that we are. False when that is nobody: then a new certificate is asked for.
    bool confirm() {
        const auto review = client::Api<authenticationv1::SelfSubjectReview>(own).create({});
        const bool answered = review && *review;
        const std::string user = answered ? (*review)->status.userInfo.username : "nobody";
        const bool unknown = answered ? user != nodeUser(options.nodeName)
                                      : !review && review.error().reason == Reason::Unauthorized;
        if (!unknown) {
            confirmed = answered;
            return true;
        }
        log()->warn("the API server takes the client certificate for that of {}", user);
        refuse();
        ask(By::Token);
        return false;
    }

    void refuse() {
        const std::lock_guard lock(mutex);
        refused = true;
    }

    // --- Asking for another ---

    client::Client& clientBy(By by) const { return by == By::Token ? *bootstrap : own; }

    void ask(By by) {
        const auto asked = submit(by);
        if (!asked) return retry(asked.error());
        again(kFirstPoll, &State::poll);
    }

    Result<void> submit(By by) {
        const bool joins = by == By::Token;
        if (joins && bootstrap == nullptr)
            return fail(Reason::Unauthorized,
                        "the node has no client certificate that is good, and no token to ask for one");
        auto key = joins ? joinKey() : pki::PrivateKey::generate();
        if (!key) return fail(std::move(key.error()));
        auto wanted = nodeClientRequest(options.nodeName, *key, options.life);
        if (!wanted) return fail(std::move(wanted.error()));
        if (joins) {
            auto name = requestName(options.nodeName, *key);
            if (!name) return fail(std::move(name.error()));
            wanted->metadata.generateName.clear();
            wanted->metadata.name = std::move(*name);
        }
        client::Api<CertificateSigningRequest> requests(clientBy(by));
        auto posted = requests.create(*wanted);
        if (!posted && posted.error().reason == Reason::AlreadyExists && joins) {
            posted = requests.get("", wanted->metadata.name);
            if (posted && !asksForTheSame(**posted, *wanted))
                return fail(Reason::Conflict, "another request has the name " + wanted->metadata.name);
        }
        if (!posted) {
            if (!joins && posted.error().reason == Reason::Unauthorized) refuse();
            return fail(posted.error().within("asking for a client certificate"));
        }
        const base::Duration within = joins ? kJoinWithin : kRenewWithin;
        request.emplace(Request{.by = by, .key = std::move(*key)});
        request->name = (*posted)->metadata.name;
        request->uid = (*posted)->metadata.uid;
        request->until = executor.clock().steady() + within;
        log()->info("asked for a client certificate: {}", request->name);
        return {};
    }

    // Kept until its certificate has come: an agent that is started again goes on waiting for the same request.
    Result<pki::PrivateKey> joinKey() {
        if (const auto text = pki::readFile(joinKeyFile()))
            if (auto kept = pki::PrivateKey::parse(*text)) return kept;
        auto key = pki::PrivateKey::generate();
        if (!key) return key;
        const auto pem = key->pem();
        if (!pem) return fail(pem.error());
        std::error_code error;
        if (std::filesystem::create_directories(options.folder, error))
            std::filesystem::permissions(options.folder, std::filesystem::perms::owner_all, error);
        if (const auto written = pki::writePrivateFile(joinKeyFile(), *pem); !written) return fail(written.error());
        return key;
    }

    void forgetJoinKey() const {
        std::error_code ignored;
        std::filesystem::remove(joinKeyFile(), ignored);
    }

    void poll() {
        const auto found = client::Api<CertificateSigningRequest>(clientBy(request->by)).get("", request->name);
        if (!found && found.error().reason == Reason::NotFound)
            return giveUp({Reason::NotFound, "the request " + request->name + " was deleted unanswered"});
        if (found && (*found)->metadata.uid != request->uid)
            return giveUp({Reason::NotFound, "the request " + request->name + " was deleted and made anew"});
        auto issued = found ? issuedCertificate(**found) : Result<std::optional<std::string>>(std::nullopt);
        if (!issued) return giveUp(issued.error());
        if (*issued) return take(**issued);
        if (executor.clock().steady() >= request->until)
            return giveUp({Reason::Timeout, "the request " + request->name + " was not answered in time"});
        request->nextPoll = std::min(request->nextPoll * 2, kSlowestPoll);
        again(request->nextPoll, &State::poll);
    }

    void take(const std::string& pem) {
        const auto key = request->key.pem();
        if (!key) return giveUp(key.error());
        auto certificate = parseClientCertificate(pem, *key, options.nodeName);
        if (certificate && isOver(certificate->certificate, now()))
            certificate = fail(Reason::Timeout, "it has ended already");
        if (!certificate) {
            forgetJoinKey();  // else the same answer would be found again
            return giveUp(certificate.error().within("the answer to " + request->name));
        }
        // One that cannot be kept is still of use until the next start.
        if (const auto written = writeClientCertificate(certificateFile(), certificate->pem); !written)
            log()->error("{}", written.error().message);
        forgetJoinKey();
        const auto good = std::chrono::duration_cast<std::chrono::hours>(certificate->certificate.notAfter() - now());
        log()->info("the client certificate of {} is good for {} hours", request->name, good.count());
        request.reset();
        adopt(std::move(*certificate));
        look();
    }

    // The key of a join stays: as long as the request is there, its answer is what counts, be it a denial.
    void giveUp(const Error& error) {
        request.reset();
        retry(error);
    }

    void retry(const Error& error) {
        log()->warn("{}", error.message);
        const double spread = 1 + kRetrySpread * random.unit();
        again(base::Duration(static_cast<base::Duration::rep>(static_cast<double>(nextRetry.count()) * spread)),
              &State::look);
        nextRetry = std::min(nextRetry * 2, kSlowestRetry);
    }
};

CertificateManager::CertificateManager(base::Executor& executor, base::Random& random, Options options,
                                       client::Client& own, client::Client* bootstrap, Changed changed)
    : m_state(std::make_shared<State>(executor, random, std::move(options), own, bootstrap, std::move(changed))) {}

CertificateManager::~CertificateManager() { stop(); }

void CertificateManager::start() { m_state->post(&State::begin); }

void CertificateManager::stop() {
    const std::lock_guard lock(m_state->mutex);
    m_state->stopped = true;
    m_state->timer.cancel();
}

void CertificateManager::look() { m_state->post(&State::wake); }

bool CertificateManager::hasCertificate() const { return m_state->isUsable(); }

}  // namespace qd::agent

#include "cluster/apiserver/transport/messages.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>

#include "cluster/base/log.h"

namespace qd::apiserver {

namespace {

// The path and query of `http://host/path?query`; what begins with a slash stays as it is.
std::string_view originForm(std::string_view target) {
    if (target.starts_with('/')) return target;
    const std::size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) return {};
    const std::size_t slash = target.find('/', scheme + 3);
    return slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
}

class Deflater {
public:
    Deflater() { m_good = deflateInit2(&m_stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK; }
    ~Deflater() { deflateEnd(&m_stream); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    void add(std::string_view data, bool last) {
        m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
        m_stream.avail_in = static_cast<uInt>(data.size());
        std::array<char, 32 * 1024> part;
        do {
            m_stream.next_out = reinterpret_cast<Bytef*>(part.data());
            m_stream.avail_out = part.size();
            m_good = m_good && deflate(&m_stream, last ? Z_FINISH : Z_NO_FLUSH) != Z_STREAM_ERROR;
            m_out.append(part.data(), part.size() - m_stream.avail_out);
        } while (m_good && m_stream.avail_out == 0);
    }
    bool good() const { return m_good; }
    std::string take() { return std::move(m_out); }

private:
    z_stream m_stream{};
    std::string m_out;
    bool m_good = false;
};

}  // namespace

bool setTarget(Request& request, std::string_view target) {
    const std::string_view origin = originForm(target);
    if (origin.empty()) return false;
    const std::size_t question = std::min(origin.find('?'), origin.size());
    auto path = http::decodePath(origin.substr(0, question));
    if (!path || path->contains('\0')) return false;
    request.path = std::move(*path);
    request.rawPath = origin.substr(0, question);
    request.rawQuery = origin.substr(std::min(question + 1, origin.size()));
    request.query = Query::parse(request.rawQuery);
    return true;
}

Response internalError() {
    Response response;
    response.code = 500;
    response.headers = {{"Content-Type", "application/json"}};
    response.body.push_back(http::bytes(
        R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Internal error occurred",)"
        R"("reason":"InternalError","code":500})"
        "\n"));
    return response;
}

Response plainText(int code, const std::string& text) {
    Response response;
    response.code = code;
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    response.body.push_back(http::bytes(text));
    return response;
}

bool mayHaveBody(int code) {
    return code >= 200 && code != 204 && code != 304;
}

std::string_view phraseOf(int code) {
    return boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(code)));
}

std::string httpDate(base::WallTime time) {
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

void compressIfAllowed(Response& response, bool clientAcceptsGzip, std::size_t threshold) {
    if (!clientAcceptsGzip || !response.compressible || response.stream || !mayHaveBody(response.code)) return;
    if (http::totalSize(response.body) < threshold || response.headers.find("Content-Encoding") != nullptr) return;
    Deflater deflater;
    for (const Bytes& part : response.body) deflater.add(*part, false);
    deflater.add({}, true);
    if (!deflater.good()) return;
    response.body = {http::bytes(deflater.take())};
    response.headers.set("Content-Encoding", "gzip");
    response.headers.add("Vary", "Accept-Encoding");
}

bool acceptsGzip(const Headers& headers) {
    for (std::string_view rest : headers.all("Accept-Encoding")) {
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            std::string_view item = rest.substr(0, comma);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            const std::size_t begin = item.find_first_not_of(" \t");
            if (begin == std::string_view::npos) continue;
            item.remove_prefix(begin);
            const std::string_view coding = item.substr(0, item.find_first_of("; \t"));
            const std::size_t quality = item.find("q=0");
            const bool forbidden = quality != std::string_view::npos &&
                                   item.substr(quality + 3).find_first_not_of(".0 \t") == std::string_view::npos;
            if (http::equalIgnoringCase(coding, "gzip")) return !forbidden;
        }
    }
    return false;
}

bool isConnectionField(std::string_view name) {
    static constexpr std::array<std::string_view, 7> kFields{
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "content-length", "date"};
    return std::ranges::any_of(kFields, [&](std::string_view field) { return http::equalIgnoringCase(field, name); });
}

}  // namespace qd::apiserver

#include "app/cli/progress_printer.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace qd::cli {
namespace {

constexpr int kBarWidth = 20;

std::string bar(double fraction) {
    const int full = std::clamp(static_cast<int>(fraction * kBarWidth + 0.5), 0, kBarWidth);
    return "[" + std::string(static_cast<std::size_t>(full), '#') +
           std::string(static_cast<std::size_t>(kBarWidth - full), ' ') + "]";
}

std::string sentence(const cluster::StepReport& step) {
    return step.detail.empty() ? step.title : step.title + ": " + step.detail;
}

}  // namespace

std::string durationText(base::Duration duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    if (seconds < 60) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<long>(seconds);
    return fmt::format("{} m {:02} s", whole / 60, whole % 60);
}

ProgressPrinter::ProgressPrinter(std::FILE* out) : m_out(out), m_isTerminal(::isatty(::fileno(out)) == 1) {
    winsize size{};
    if (m_isTerminal && ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20) m_columns = size.ws_col;
}

ProgressPrinter::~ProgressPrinter() {
    if (m_lineIsOpen) fmt::print(m_out, "\r\x1b[K");
    std::fflush(m_out);
}

void ProgressPrinter::showOnTerminal(const cluster::StepReport& step) {
    const char* back = m_lineIsOpen ? "\r\x1b[K" : "";
    m_lineIsOpen = step.state == cluster::StepState::Working;
    if (step.state == cluster::StepState::Done) {
        fmt::print(m_out, "{}  done  {}  ({})\n", back, sentence(step), durationText(step.elapsed));
        return;
    }
    std::string line = fmt::format("  {}  {}", step.fraction >= 0 ? bar(step.fraction) : "....", sentence(step));
    if (line.size() >= static_cast<std::size_t>(m_columns)) line.resize(static_cast<std::size_t>(m_columns) - 1);
    fmt::print(m_out, "{}{}", back, line);
}

void ProgressPrinter::show(const cluster::StepReport& step) {
    using cluster::StepState;
    if (step.state == StepState::Waiting) return;
    if (step.state == StepState::Failed) {
        fmt::print(m_out, "{}  FAILED  {} ({})\n", m_lineIsOpen ? "\r\x1b[K" : "", step.title, durationText(step.elapsed));
        m_lineIsOpen = false;
        fmt::print(m_out, "    why: {}\n", step.detail);
        if (!step.remedy.empty()) fmt::print(m_out, "    what to do: {}\n", step.remedy);
        if (!step.log.empty()) fmt::print(m_out, "    its last lines:\n{}\n", step.log);
    } else if (m_isTerminal) {
        showOnTerminal(step);
    } else if (step.state == StepState::Done) {
        fmt::print(m_out, "{} ({})\n", sentence(step), durationText(step.elapsed));
    } else if (std::exchange(m_lastBegun, step.id) != step.id) {
        fmt::print(m_out, "{}...\n", step.title);
    }
    std::fflush(m_out);
}

}  // namespace qd::cli

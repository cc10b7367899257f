#include "node/runtime/join_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace aegis::node {

void JoinReport::OnFailure(const Endpoint& to, std::string why, TimePoint now) {
  failures_[to] = {std::move(why), now};
}

std::vector<JoinReport::Line> JoinReport::Look(const JoinState& state, TimePoint now) {
  std::vector<Line> lines;
  if (over_) return lines;
  std::erase_if(failures_,
                [&](const auto& failed) { return now - failed.second.at > kFailureAgeMax; });
  const std::string awaited = Awaited(state);
  if (!awaited.empty()) {
    if (now < next_warning_) return lines;
    lines.push_back({LogLevel::kWarn, "waiting: " + awaited + Failures()});
    next_warning_ = now + kRepeatInterval;
    warned_ = true;
    return lines;
  }
  over_ = true;
  if (warned_) {
    lines.push_back({LogLevel::kInfo, fmt::format("the wait is over: {} {} here", state.live,
                                                  state.live == 1 ? "node is" : "nodes are")});
  }
  for (const auto& [to, failure] : failures_) {
    if (std::ranges::find(seeds_, to) == seeds_.end()) continue;
    lines.push_back({LogLevel::kWarn, "this node has joined without its seed " + failure.why});
  }
  return lines;
}

std::string JoinReport::Awaited(const JoinState& state) const {
  if (!state.born && bootstrap_expect_ > 1) {
    return fmt::format("the cluster forms when {} nodes have met, and {} {} here{}",
                       bootstrap_expect_, state.live, state.live == 1 ? "is" : "are",
                       seeds_.empty() ? "; without --seeds this node asks nobody" : "");
  }
  if (!state.born && state.joined) return "the seeds that answered have no cluster yet either";
  if (!state.born) return "no seed has answered yet";
  if (!seeds_.empty() && !state.joined) {
    return "no seed or earlier peer has answered yet; until one does, this node serves alone";
  }
  return "";
}

std::string JoinReport::Failures() const {
  std::string text;
  for (const auto& [to, failure] : failures_) text += "; " + failure.why;
  return text;
}

}  // namespace aegis::node

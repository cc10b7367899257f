// JoinReport: what a node that waits for others tells its operator: for what, why it does not come,
// again every 30 s, and when it came. What comes at once is not worth a line.
//
// A pure function of what it is told; join_watch.h tells it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/time.h"
#include "model/endpoint.h"

namespace aegis::node {

// As of now.
struct JoinState {
  bool joined = false;  // State was exchanged with another node.
  bool born = false;    // Of a cluster, by joining, founding or remembering one.
  std::size_t live = 1;
};

class JoinReport {
 public:
  struct Line {
    LogLevel level = LogLevel::kInfo;
    std::string text;
  };

  static constexpr Duration kRepeatInterval = std::chrono::seconds(30);
  // What failed longer ago is not told: the node asks at least that often, unless the seed's name
  // has another address by now.
  static constexpr Duration kFailureAgeMax = std::chrono::seconds(15);

  // `seeds`: whom the node asks, empty for one that founds a cluster or waits to be asked.
  JoinReport(std::vector<Endpoint> seeds, std::uint32_t bootstrap_expect)
      : seeds_(std::move(seeds)), bootstrap_expect_(bootstrap_expect) {}

  // An exchange with `to` came to nothing; `why` begins with the address.
  void OnFailure(const Endpoint& to, std::string why, TimePoint now);
  void OnAnswer(const Endpoint& to) { failures_.erase(to); }

  // What to log now. Call when every seed had the time to answer, and every second from then on.
  std::vector<Line> Look(const JoinState& state, TimePoint now);
  // Nothing is awaited any more, and nothing will be.
  bool over() const { return over_; }

 private:
  struct Failure {
    std::string why;
    TimePoint at;
  };

  std::string Awaited(const JoinState& state) const;
  std::string Failures() const;

  const std::vector<Endpoint> seeds_;
  const std::uint32_t bootstrap_expect_;
  std::map<Endpoint, Failure> failures_;
  TimePoint next_warning_{};
  bool warned_ = false;
  bool over_ = false;
};

}  // namespace aegis::node

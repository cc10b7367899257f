#include "workload.h"

namespace aegis::sim {

void Workload::Start(Duration pause) {
  pause_ = pause;
  running_ = true;
  for (std::size_t key = 0; key < keys_.size(); ++key) Next(key);
}

void Workload::Next(std::size_t key) {
  if (!running_) return;
  const double jitter = 0.5 + cluster_.rng().Unit();
  cluster_.After(std::chrono::duration_cast<Duration>(pause_ * jitter), [this, key] {
    if (!running_) return;
    if (cluster_.rng().Chance(0.5)) {
      Write(key);
    } else {
      Read(key, /*then_next=*/true);
    }
  });
}

std::size_t Workload::AnyNode() {
  std::size_t node = cluster_.rng().Below(cluster_.size());
  for (std::size_t i = 0; i < cluster_.size() && !cluster_.alive(node); ++i) {
    node = (node + 1) % cluster_.size();
  }
  return node;
}

void Workload::Write(std::size_t key) {
  const std::uint64_t number = ++keys_[key].attempted;
  Operation set{.code = OpCode::kSet};
  cluster_.Submit(AnyNode(), set, Name(key), std::to_string(number),
                  [this, key, number](const Outcome& outcome) {
                    if (outcome.status == Status::kOk) {
                      keys_[key].acknowledged = number;
                      ++acknowledged_;
                    } else if (outcome.status == Status::kUnknownOutcome) {
                      ++unknown_;
                    } else {
                      ++unavailable_;
                    }
                    Next(key);
                  });
}

void Workload::Read(std::size_t key, bool then_next) {
  const std::uint64_t at_least = keys_[key].acknowledged;
  cluster_.Submit(
      AnyNode(), {.code = OpCode::kGet}, Name(key), {},
      [this, key, at_least, then_next](const Outcome& outcome) {
        const bool answered = outcome.status == Status::kOk || outcome.status == Status::kNotFound;
        if (!answered) {
          ++unavailable_;
        } else {
          ++reads_;
          if (!then_next) ++verified_;
          const bool found = outcome.status == Status::kOk;
          const std::uint64_t shown = found ? std::stoull(std::string(outcome.value)) : 0;
          const std::string what = Name(key) + " shows " + std::to_string(shown) + ", " +
                                   std::to_string(at_least) + " was acknowledged, " +
                                   std::to_string(keys_[key].attempted) + " was tried";
          if (shown < at_least) {
            losses_.push_back(what);
            keys_[key].acknowledged = shown;  // Reported once.
          }
          if (shown > keys_[key].attempted) inventions_.push_back(what);
        }
        if (then_next) Next(key);
      });
}

void Workload::Verify() {
  verified_ = 0;
  for (std::size_t key = 0; key < keys_.size(); ++key) Read(key, /*then_next=*/false);
  cluster_.RunUntil([&] { return verified_ == keys_.size(); }, std::chrono::seconds(30));
  if (verified_ != keys_.size()) losses_.push_back("not every key could be read");
}

}  // namespace aegis::sim

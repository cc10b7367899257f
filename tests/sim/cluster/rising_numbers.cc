#include "rising_numbers.h"

namespace aegis::sim {

void RisingNumbers::Start(Duration pause) {
  pause_ = pause;
  running_ = true;
  for (std::size_t key = 0; key < keys_.size(); ++key) Next(key);
}

void RisingNumbers::Next(std::size_t key) {
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

std::string RisingNumbers::Problem() const {
  return inventions_.empty() ? "" : "invented: " + inventions_.front();
}

void RisingNumbers::Write(std::size_t key) {
  const std::uint64_t number = ++keys_[key].attempted;
  const Bytes name = Name(key);
  const Bytes value = std::to_string(number);
  cluster_.Submit(AnyLiveNode(cluster_), {.code = OpCode::kSet, .key = name, .value = value},
                  [this, key, number](const Outcome& outcome) {
                    if (outcome.status == Status::kOk) {
                      keys_[key].acknowledged = number;
                      ++acknowledged_;
                    } else if (outcome.status == Status::kUnknownOutcome) {
                      ++unknown_;
                      keys_[key].unknown.insert(number);
                    } else {
                      ++unavailable_;
                    }
                    Next(key);
                  });
}

void RisingNumbers::Read(std::size_t key, bool then_next) {
  const std::uint64_t at_least = keys_[key].acknowledged;
  const Bytes name = Name(key);
  cluster_.Submit(
      AnyLiveNode(cluster_), {.code = OpCode::kGet, .key = name},
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
            if (keys_[key].unknown.erase(shown) == 0) losses_.push_back(what);
            keys_[key].acknowledged = shown;  // Reported once.
          }
          if (shown > keys_[key].attempted) inventions_.push_back(what);
        }
        if (then_next) Next(key);
      });
}

void RisingNumbers::Verify() {
  verified_ = 0;
  for (std::size_t key = 0; key < keys_.size(); ++key) Read(key, /*then_next=*/false);
  cluster_.RunUntil([&] { return verified_ == keys_.size(); }, std::chrono::seconds(30));
  if (verified_ != keys_.size()) losses_.push_back("not every key could be read");
}

}  // namespace aegis::sim

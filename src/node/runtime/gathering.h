// Gathering: the outcomes of one command over several keys, owned, until all are there.

#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/limits.h"
#include "model/operation.h"

namespace aegis::node {

class Gathering {
 public:
  // `shown`: bytes of values that the reply has already and that are not kept here.
  void Begin(std::size_t size, std::size_t shown = 0) {
    outcomes_.assign(size, Outcome{});
    values_.assign(size, Bytes());
    bytes_ = 0;
    shown_ = shown;
  }

  void Put(std::size_t at, const Outcome& outcome) {
    outcomes_[at] = outcome;
    if (shown_ + bytes_ + outcome.value.size() <= limits::kReplySizeMax) {
      if (!outcome.block) values_[at] = outcome.value;
      bytes_ += outcome.value.size();
      return;
    }
    outcomes_[at] = {};
    outcomes_[at].status = Status::kTooLarge;
    outcomes_[at].error =
        fmt::format("the values of one reply have more than {} bytes", limits::kReplySizeMax);
  }

  // The outcomes have been shown: holds no block any more, and keeps its memory for the next.
  void LetGo() {
    for (Outcome& outcome : outcomes_) outcome.block = {};
  }

  // Roughly what it costs to keep.
  std::size_t bytes() const {
    return bytes_ + outcomes_.size() * (sizeof(Outcome) + sizeof(Bytes));
  }

  // Valid until the next change.
  std::span<const Outcome> outcomes() {
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      if (!outcomes_[i].block) outcomes_[i].value = values_[i];
    }
    return outcomes_;
  }

 private:
  std::vector<Outcome> outcomes_;
  std::vector<Bytes> values_;
  std::size_t bytes_ = 0;  // Of all values.
  std::size_t shown_ = 0;
};

}  // namespace aegis::node

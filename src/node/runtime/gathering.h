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
  void Begin(std::size_t size) {
    outcomes_.assign(size, Outcome{});
    values_.assign(size, Bytes());
    bytes_ = 0;
  }

  void Put(std::size_t at, const Outcome& outcome) {
    outcomes_[at] = outcome;
    outcomes_[at].value = {};
    if (bytes_ + outcome.value.size() <= limits::kReplySizeMax) {
      values_[at] = outcome.value;
      bytes_ += outcome.value.size();
      return;
    }
    outcomes_[at] = {};
    outcomes_[at].status = Status::kTooLarge;
    outcomes_[at].error =
        fmt::format("the values of one reply have more than {} bytes", limits::kReplySizeMax);
  }

  // Roughly what it costs to keep.
  std::size_t bytes() const {
    return bytes_ + outcomes_.size() * (sizeof(Outcome) + sizeof(Bytes));
  }

  // Valid until the next change.
  std::span<const Outcome> outcomes() {
    for (std::size_t i = 0; i < outcomes_.size(); ++i) outcomes_[i].value = values_[i];
    return outcomes_;
  }

 private:
  std::vector<Outcome> outcomes_;
  std::vector<Bytes> values_;
  std::size_t bytes_ = 0;  // Of all values.
};

}  // namespace aegis::node

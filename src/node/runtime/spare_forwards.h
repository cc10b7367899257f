// SpareForwards: forwards that are done with, for the next ones, so that what is forwarded all the
// time takes no memory from the allocator.
//
// Belongs to one Forwarder.

#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "node/runtime/forward.h"

namespace aegis::node {

class SpareForwards {
 public:
  static constexpr std::size_t kSpareMax = 256;
  // A spare one keeps no more memory than that for its operation.
  static constexpr std::size_t kOperationMax = 4 * 1024;

  // As if new.
  std::unique_ptr<Forward> Take() {
    if (spare_.empty()) return std::make_unique<Forward>();
    std::unique_ptr<Forward> forward = std::move(spare_.back());
    spare_.pop_back();
    return forward;
  }

  void Keep(std::unique_ptr<Forward> forward) {
    if (spare_.size() == kSpareMax || forward->operation.capacity() > kOperationMax) return;
    Bytes operation = std::move(forward->operation);
    operation.clear();
    *forward = Forward{};
    forward->operation = std::move(operation);
    spare_.push_back(std::move(forward));
  }

 private:
  std::vector<std::unique_ptr<Forward>> spare_;
};

}  // namespace aegis::node

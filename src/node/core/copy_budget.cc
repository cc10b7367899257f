#include "node/core/copy_budget.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace aegis::node {

std::size_t CopyBudget::left() const {
  if (rate_ == 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(std::max<std::int64_t>(left_.load(std::memory_order_relaxed), 0));
}

void CopyBudget::Spend(std::size_t bytes) {
  if (rate_ == 0) return;
  left_.fetch_sub(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
}

void CopyBudget::OnTime(TimePoint now) {
  if (rate_ == 0) return;
  const auto bytes_in = [this](Duration time) {
    return static_cast<std::int64_t>(static_cast<double>(rate_) *
                                     std::chrono::duration<double>(time).count());
  };
  const std::int64_t more = bytes_in(filled_at_ ? now - *filled_at_ : kBurst);
  if (filled_at_ && more <= 0) return;  // Less than a byte: let it grow.
  filled_at_ = now;
  const std::int64_t most = std::max<std::int64_t>(bytes_in(kBurst), 1);
  // Others spend meanwhile: that leaves more room than was seen, never less.
  const std::int64_t room = most - left_.load(std::memory_order_relaxed);
  left_.fetch_add(std::min(std::max<std::int64_t>(more, 1), room), std::memory_order_relaxed);
}

}  // namespace aegis::node

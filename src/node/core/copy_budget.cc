#include "node/core/copy_budget.h"

#include <algorithm>
#include <limits>

namespace aegis::node {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

std::size_t CopyBudget::left() const {
  if (unlimited()) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(std::max<std::int64_t>(left_.load(kRelaxed), 0));
}

void CopyBudget::Spend(std::size_t bytes) {
  if (unlimited()) return;
  left_.fetch_sub(static_cast<std::int64_t>(bytes), kRelaxed);
}

bool CopyBudget::TakeTurn(std::uint64_t ticket) {
  if (unlimited()) return true;
  for (Turn& turn : turns_) {
    if (turn.ticket.load(kRelaxed) != ticket) continue;
    turn.asked_at.store(now_.load(kRelaxed), kRelaxed);
    return true;
  }
  for (Turn& turn : turns_) {
    std::uint64_t before = turn.ticket.load(kRelaxed);
    if (!IsFree(turn) || !turn.ticket.compare_exchange_strong(before, ticket, kRelaxed)) continue;
    turn.asked_at.store(now_.load(kRelaxed), kRelaxed);
    return true;
  }
  return false;
}

bool CopyBudget::MayGoOn(std::uint64_t ticket) const {
  return left() > 0 && (unlimited() || std::ranges::any_of(turns_, [&](const Turn& turn) {
                          return turn.ticket.load(kRelaxed) == ticket || IsFree(turn);
                        }));
}

void CopyBudget::EndTurn(std::uint64_t ticket) {
  for (Turn& turn : turns_) {
    std::uint64_t taken = ticket;
    turn.ticket.compare_exchange_strong(taken, 0, kRelaxed);
  }
}

bool CopyBudget::IsFree(const Turn& turn) const {
  const Duration unused(now_.load(kRelaxed) - turn.asked_at.load(kRelaxed));
  return turn.ticket.load(kRelaxed) == 0 || unused > kTurnPatience;
}

void CopyBudget::OnTime(TimePoint now) {
  now_.store(now.time_since_epoch().count(), kRelaxed);
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
  const std::int64_t room = most - left_.load(kRelaxed);
  left_.fetch_add(std::min(std::max<std::int64_t>(more, 1), room), kRelaxed);
}

}  // namespace aegis::node

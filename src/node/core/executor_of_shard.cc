// The operations that are about a whole shard: kClear, kScan, kCount, kPick.

#include <algorithm>
#include <cstdint>

#include "model/limits.h"
#include "node/core/executor.h"
#include "node/core/key_list.h"
#include "node/core/resp_text.h"

namespace aegis::node {

using store::ItemView;

namespace {

constexpr std::size_t kHomesPerPick = 64;

std::size_t Clamped(std::int64_t wanted, std::size_t most) {
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(wanted, 1, static_cast<std::int64_t>(most)));
}

bool Lives(const ItemView& item, UnixMs now) { return !item.tombstone && !item.ExpiredAt(now); }

Outcome WithNumber(std::uint64_t number) {
  Outcome outcome;
  outcome.number = static_cast<std::int64_t>(number);
  return outcome;
}

// Tells which keys a scan returns, and what that took.
class KeyFilter {
 public:
  // Empty: any key.
  explicit KeyFilter(ByteView pattern) : pattern_(pattern) {}

  bool Passes(ByteView key) {
    if (pattern_.empty()) return true;
    std::size_t left = limits::kKeyMatchSteps;
    const auto matches = resp::GlobMatch(pattern_, key, left);
    steps_ += limits::kKeyMatchSteps - left;
    undecided_ = undecided_ || !matches;
    return matches.value_or(false);
  }
  std::size_t steps() const { return steps_; }
  // Of some key it could not tell.
  bool undecided() const { return undecided_; }

 private:
  ByteView pattern_;
  std::size_t steps_ = 0;
  bool undecided_ = false;
};

}  // namespace

Outcome Executor::Clear() {
  const std::size_t keys = table_.items();
  replication::Record record;
  record.type = replication::RecordType::kClear;
  sink_.Commit(record);
  return WithNumber(keys);
}

Outcome Executor::Count() const { return WithNumber(table_.items()); }

Outcome Executor::Scan(const Operation& op, UnixMs now) {
  const std::size_t items_max = Clamped(op.number2, limits::kScanItemsMax);
  const std::size_t homes_max = items_max * limits::kScanHomesPerItem;
  std::uint64_t cursor = static_cast<std::uint64_t>(op.number);
  std::size_t seen = 0;
  std::size_t homes = 0;
  KeyFilter filter(op.match);
  scratch_.clear();
  do {
    cursor = table_.Scan(cursor, /*homes=*/1, [&](const ItemView& item) {
      ++seen;
      if (Lives(item, now) && filter.Passes(item.key)) AppendKey(item.key, scratch_);
    });
  } while (cursor != 0 && seen < items_max && ++homes < homes_max &&
           scratch_.size() < limits::kScanBytesMax && !filter.undecided() &&
           filter.steps() < limits::kScanMatchSteps + seen * limits::kScanMatchStepsPerItem);
  Outcome outcome = WithNumber(cursor);
  if (filter.undecided()) {
    outcome.status = Status::kInvalid;
    outcome.error = "the pattern takes too long to match against a key that is there";
    return outcome;
  }
  outcome.has_value = true;
  outcome.value = scratch_;
  return outcome;
}

// From a place in the order of hashes on, the first that lives; among those that share a small
// stretch of it, any. So a key behind a gap is chosen more often than others.
Outcome Executor::Pick(const Operation& op, UnixMs now) {
  const auto random = static_cast<std::uint64_t>(op.number);
  const std::uint64_t begin = random >> 32U;
  Bytes found;
  std::uint64_t count = 0;
  bool wrapped = false;
  for (std::uint64_t cursor = begin; count == 0 && table_.items() > 0;) {
    cursor = table_.Scan(cursor, kHomesPerPick, [&](const ItemView& item) {
      if (!Lives(item, now)) return;
      AppendKey(item.key, found);
      ++count;
    });
    if (cursor == 0 && wrapped) break;
    wrapped = wrapped || cursor == 0;
  }
  Outcome outcome = WithNumber(table_.items());
  if (count == 0) {
    outcome.status = Status::kNotFound;
    return outcome;
  }
  ByteView list = found;
  for (std::uint64_t skip = (random & 0xffffffffU) % count; skip > 0; --skip) TakeKey(list);
  scratch_ = *TakeKey(list);
  outcome.has_value = true;
  outcome.value = scratch_;
  return outcome;
}

}  // namespace aegis::node

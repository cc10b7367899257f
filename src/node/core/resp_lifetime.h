// The lifetime options of SET and GETEX: EX, PX, EXAT, PXAT, KEEPTTL, PERSIST.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "model/operation.h"
#include "node/core/resp_call.h"

namespace aegis::node::resp {

enum class LifetimeUse : std::uint8_t { kSet, kGetEx };

struct LifetimeOption {
  ByteView name;
  ExpiryKind kind;
  std::int64_t unit_ms;  // 0: the option takes no time.
  bool in_set;
  bool in_get_ex;
};

// The last millisecond that a command may name: a TTL has its limit; a point in time is any that
// can be written, as in Redis.
std::int64_t LatestTimeMs(ExpiryKind kind);

// By name in any case; null if there is none.
const LifetimeOption* FindLifetime(ByteView name);

// Sets the expiry of `operation` from the time in argv[index]. False: the error is written.
// REQUIRES: option.unit_ms > 0.
bool ApplyLifetime(const RespCall& call, const LifetimeOption& option, std::size_t index,
                   Operation& operation);

// The one lifetime option of a command. The same option may come again, another may not.
class LifetimeChoice {
 public:
  // Reads an option at argv[at], and its time behind it. True: there was one that fits, and `at`
  // stands on its last argument.
  bool Read(std::span<const ByteView> argv, std::size_t& at, LifetimeUse use);

  // Sets the expiry of `operation`; leaves it alone if no option was read. False: the error is
  // written.
  bool Apply(const RespCall& call, Operation& operation) const;

 private:
  const LifetimeOption* option_ = nullptr;
  std::size_t time_at_ = 0;
};

}  // namespace aegis::node::resp

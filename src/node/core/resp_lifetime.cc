#include "node/core/resp_lifetime.h"

#include <limits>

#include "model/limits.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

constexpr LifetimeOption kOptions[] = {
    {"ex", ExpiryKind::kRelative, 1000, true, true},
    {"px", ExpiryKind::kRelative, 1, true, true},
    {"exat", ExpiryKind::kAbsolute, 1000, true, true},
    {"pxat", ExpiryKind::kAbsolute, 1, true, true},
    {"keepttl", ExpiryKind::kKeep, 0, true, false},
    {"persist", ExpiryKind::kNone, 0, false, true},
};

}  // namespace

std::int64_t LatestTimeMs(ExpiryKind kind) {
  return kind == ExpiryKind::kRelative ? limits::kTtlMsMax
                                       : std::numeric_limits<std::int64_t>::max();
}

const LifetimeOption* FindLifetime(ByteView name) {
  for (const LifetimeOption& option : kOptions) {
    if (EqualsIgnoringCase(option.name, name)) return &option;
  }
  return nullptr;
}

bool ApplyLifetime(const RespCall& call, const LifetimeOption& option, std::size_t index,
                   Operation& operation) {
  const auto time = call.Integer(index);
  if (!time) return false;
  if (*time <= 0 || *time > LatestTimeMs(option.kind) / option.unit_ms) {
    call.FailExpireTime();
    return false;
  }
  operation.expiry = option.kind;
  operation.expiry_ms = *time * option.unit_ms;
  return true;
}

bool LifetimeChoice::Read(std::span<const ByteView> argv, std::size_t& at, LifetimeUse use) {
  const LifetimeOption* const option = FindLifetime(argv[at]);
  if (option == nullptr || (option_ != nullptr && option_ != option)) return false;
  if (!(use == LifetimeUse::kSet ? option->in_set : option->in_get_ex)) return false;
  if (option->unit_ms > 0) {
    if (at + 1 == argv.size()) return false;
    time_at_ = ++at;
  }
  option_ = option;
  return true;
}

bool LifetimeChoice::Apply(const RespCall& call, Operation& operation) const {
  if (option_ == nullptr) return true;
  if (option_->unit_ms > 0) return ApplyLifetime(call, *option_, time_at_, operation);
  operation.expiry = option_->kind;
  return true;
}

}  // namespace aegis::node::resp

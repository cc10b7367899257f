// The commands on one string.

#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_lifetime.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

// Reads NX, XX or IFEQ at argv[at]. True: it was one, and `at` stands on its last argument.
bool ReadCondition(const RespCall& call, std::size_t& at, Operation& set) {
  const auto claims = [&](ByteView name, Condition condition) {
    const bool free = set.condition == Condition::kAlways || set.condition == condition;
    if (!free || !EqualsIgnoringCase(call.argv[at], name)) return false;
    set.condition = condition;
    return true;
  };
  if (claims("nx", Condition::kIfAbsent) || claims("xx", Condition::kIfPresent)) return true;
  if (at + 1 == call.argv.size() || !claims("ifeq", Condition::kIfValue)) return false;
  set.match = call.argv[++at];
  return true;
}

Translation SetWithLifetime(RespCall& call, ByteView option) {
  Operation& set = call.Add(OpCode::kSet, call.argv[1]);
  set.value = call.argv[3];
  if (!ApplyLifetime(call, *FindLifetime(option), 2, set)) return Translation::kReplied;
  call.plan.form = ReplyForm::kOk;
  return Translation::kPlanned;
}

}  // namespace

Translation Get(RespCall& call) {
  call.Add(OpCode::kGet, call.argv[1]);
  call.plan.form = ReplyForm::kValueOrNull;
  return Translation::kPlanned;
}

// SET key value [NX|XX|IFEQ comparison] [GET] [EX s|PX ms|EXAT s|PXAT ms|KEEPTTL]. An option may
// be repeated, the last one counts; different ones of a group exclude each other.
Translation Set(RespCall& call) {
  const auto& argv = call.argv;
  Operation& set = call.Add(OpCode::kSet, argv[1]);
  set.value = argv[2];
  LifetimeChoice lifetime;
  for (std::size_t i = 3; i < argv.size(); ++i) {
    if (EqualsIgnoringCase(argv[i], "get")) {
      set.return_old = true;
    } else if (!ReadCondition(call, i, set) && !lifetime.Read(argv, i, LifetimeUse::kSet)) {
      return call.FailSyntax();
    }
  }
  if (!lifetime.Apply(call, set)) return Translation::kReplied;
  call.plan.form = set.return_old ? ReplyForm::kValueOrNull : ReplyForm::kSetResult;
  return Translation::kPlanned;
}

Translation SetNx(RespCall& call) {
  Operation& set = call.Add(OpCode::kSet, call.argv[1]);
  set.value = call.argv[2];
  set.condition = Condition::kIfAbsent;
  call.plan.form = ReplyForm::kNumberFromFound;
  return Translation::kPlanned;
}

Translation SetEx(RespCall& call) { return SetWithLifetime(call, "ex"); }

Translation PSetEx(RespCall& call) { return SetWithLifetime(call, "px"); }

Translation GetSet(RespCall& call) {
  Operation& set = call.Add(OpCode::kSet, call.argv[1]);
  set.value = call.argv[2];
  set.return_old = true;
  call.plan.form = ReplyForm::kValueOrNull;
  return Translation::kPlanned;
}

Translation GetDel(RespCall& call) {
  call.Add(OpCode::kGetDelete, call.argv[1]);
  call.plan.form = ReplyForm::kValueOrNull;
  return Translation::kPlanned;
}

Translation GetEx(RespCall& call) {
  LifetimeChoice lifetime;
  for (std::size_t i = 2; i < call.argv.size(); ++i) {
    if (!lifetime.Read(call.argv, i, LifetimeUse::kGetEx)) return call.FailSyntax();
  }
  Operation& get = call.Add(OpCode::kGetExpire, call.argv[1]);
  get.expiry = ExpiryKind::kKeep;
  if (!lifetime.Apply(call, get)) return Translation::kReplied;
  call.plan.form = ReplyForm::kValueOrNull;
  return Translation::kPlanned;
}

Translation StrLen(RespCall& call) {
  call.Add(OpCode::kPeek, call.argv[1]);
  call.plan.form = ReplyForm::kNumber;
  return Translation::kPlanned;
}

Translation Append(RespCall& call) {
  call.Add(OpCode::kAppend, call.argv[1]).value = call.argv[2];
  call.plan.form = ReplyForm::kNumber;
  return Translation::kPlanned;
}

Translation GetRange(RespCall& call) {
  const auto first = call.Integer(2);
  if (!first) return Translation::kReplied;
  const auto last = call.Integer(3);
  if (!last) return Translation::kReplied;
  Operation& get = call.Add(OpCode::kGetRange, call.argv[1]);
  get.number = *first;
  get.number2 = *last;
  call.plan.form = ReplyForm::kValueOrEmpty;
  return Translation::kPlanned;
}

Translation SetRange(RespCall& call) {
  const auto offset = call.Integer(2);
  if (!offset) return Translation::kReplied;
  if (*offset < 0) return call.Fail("ERR offset is out of range");
  Operation& set = call.Add(OpCode::kSetRange, call.argv[1]);
  set.number = *offset;
  set.value = call.argv[3];
  call.plan.form = ReplyForm::kNumber;
  return Translation::kPlanned;
}

}  // namespace aegis::node::resp

// The commands on several keys, and those on keys whatever their value is.

#include <cstdint>

#include "model/ids.h"
#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"
#include "ring/slot.h"

namespace aegis::node::resp {
namespace {

constexpr ByteView kCrossSlot = "CROSSSLOT Keys in request don't hash to the same slot";

// Whether all keys, every `step`th argument from the first, live in one shard. Redis Cluster asks
// for one slot; a shard is a run of slots, so what is allowed there is allowed here.
bool InOneShard(const RespCall& call, std::size_t keys, std::size_t step) {
  const std::uint32_t shards = call.node.Routing().settings.num_shards;
  const ShardId shard = ring::ShardOf(call.argv[1], shards);
  for (std::size_t i = 1; i < keys; ++i) {
    if (ring::ShardOf(call.argv[1 + i * step], shards) != shard) return false;
  }
  return true;
}

Translation PlanPerKey(RespCall& call, OpCode code, ReplyForm form) {
  for (const ByteView key : call.argv.subspan(1)) call.Add(code, key);
  call.plan.form = form;
  return Translation::kPlanned;
}

Translation PlanRename(RespCall& call, Condition condition, ReplyForm form) {
  if (!InOneShard(call, 2, 1)) return call.Fail(kCrossSlot);
  Operation& rename = call.Add(OpCode::kRename, call.argv[1]);
  rename.key2 = call.argv[2];
  rename.condition = condition;
  call.plan.form = form;
  return Translation::kPlanned;
}

}  // namespace

Translation MGet(RespCall& call) {
  return PlanPerKey(call, OpCode::kGet, ReplyForm::kArrayOfValues);
}

Translation MSet(RespCall& call) {
  if (call.argv.size() % 2 == 0) return call.FailArity();
  for (std::size_t i = 1; i < call.argv.size(); i += 2) {
    call.Add(OpCode::kSet, call.argv[i]).value = call.argv[i + 1];
  }
  call.plan.form = ReplyForm::kOkIfAll;
  return Translation::kPlanned;
}

Translation MSetNx(RespCall& call) {
  const auto& argv = call.argv;
  if (argv.size() % 2 == 0) return call.FailArity();
  if (!InOneShard(call, argv.size() / 2, 2)) return call.Fail(kCrossSlot);
  Operation& set = call.Add(OpCode::kMultiSetNx, argv[1]);
  set.value = argv[2];
  for (std::size_t i = 3; i < argv.size(); i += 2) set.more.push_back({argv[i], argv[i + 1]});
  call.plan.form = ReplyForm::kNumberFromFound;
  return Translation::kPlanned;
}

Translation Del(RespCall& call) {
  return PlanPerKey(call, OpCode::kDelete, ReplyForm::kSumOfFound);
}

Translation Exists(RespCall& call) {
  return PlanPerKey(call, OpCode::kPeek, ReplyForm::kSumOfFound);
}

Translation Touch(RespCall& call) {
  const Translation planned = PlanPerKey(call, OpCode::kPeek, ReplyForm::kSumOfFound);
  for (Operation& operation : call.plan.operations) operation.number = kUses;
  return planned;
}

Translation Type(RespCall& call) { return PlanPerKey(call, OpCode::kPeek, ReplyForm::kType); }

Translation DelIfEq(RespCall& call) {
  Operation& del = call.Add(OpCode::kDelete, call.argv[1]);
  del.condition = Condition::kIfValue;
  del.match = call.argv[2];
  call.plan.form = ReplyForm::kNumberFromFound;
  return Translation::kPlanned;
}

Translation Rename(RespCall& call) { return PlanRename(call, Condition::kAlways, ReplyForm::kOk); }

Translation RenameNx(RespCall& call) {
  return PlanRename(call, Condition::kIfAbsent, ReplyForm::kNumberFromFound);
}

// COPY source destination [DB destination-db] [REPLACE]; the options in any order.
Translation Copy(RespCall& call) {
  const auto& argv = call.argv;
  bool replace = false;
  for (std::size_t i = 3; i < argv.size(); ++i) {
    if (EqualsIgnoringCase(argv[i], "replace")) {
      replace = true;
    } else if (EqualsIgnoringCase(argv[i], "db") && i + 1 < argv.size()) {
      if (!call.DatabaseZero(++i)) return Translation::kReplied;
    } else {
      return call.FailSyntax();
    }
  }
  if (argv[1] == argv[2]) return call.Fail("ERR source and destination objects are the same");
  if (!InOneShard(call, 2, 1)) return call.Fail(kCrossSlot);
  Operation& copy = call.Add(OpCode::kCopy, argv[1]);
  copy.key2 = argv[2];
  copy.condition = replace ? Condition::kAlways : Condition::kIfAbsent;
  call.plan.form = ReplyForm::kNumberFromFound;
  return Translation::kPlanned;
}

}  // namespace aegis::node::resp

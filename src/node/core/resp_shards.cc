// The commands that are about all keys: SCAN, KEYS, RANDOMKEY, DBSIZE, FLUSHDB, FLUSHALL. Each asks
// every shard, wherever that is led; a shard without a leader is an error, never left out.
//
// A cursor of SCAN is the shard's number and a position in the order of its keys' hashes:
//
//     | shard: from bit 32 on | position: 32 bits |          0: the begin, and the end
//
// The order of hashes is the same on every copy of a shard and outlives every growth of its table,
// so a cursor is good on every node, for as long as the cluster lives.

#include <algorithm>
#include <charconv>

#include "model/limits.h"
#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"
#include "node/core/scan_cursor.h"
#include "ring/slot.h"

namespace aegis::node::resp {
namespace {

Operation& AddOfShard(const RespCall& call, OpCode code, std::uint32_t shard) {
  const std::uint32_t shards = call.node.Routing().settings.num_shards;
  return call.Add(code, ring::KeyOf(ring::SlotsOf(ShardId{shard}, shards).first));
}

// Before the cluster is born nobody knows how many shards it has: the operation waits for that, and
// is refused in the end.
void AddUnborn(const RespCall& call, OpCode code) { call.Add(code, ring::KeyOf(Slot{0})); }

// One operation for each shard; `shape`, void(Operation&), says what it is to do there.
template <class Shape>
Translation PlanPerShard(RespCall& call, OpCode code, ReplyForm form, const Shape& shape) {
  const std::uint32_t shards = call.node.Routing().settings.num_shards;
  for (std::uint32_t shard = 0; shard < shards; ++shard) shape(AddOfShard(call, code, shard));
  if (shards == 0) AddUnborn(call, code);
  call.plan.form = form;
  return Translation::kPlanned;
}

}  // namespace

Translation DbSize(RespCall& call) {
  return PlanPerShard(call, OpCode::kCount, ReplyForm::kSumOfNumbers, [](Operation&) {});
}

// FLUSHDB [ASYNC|SYNC], FLUSHALL [ASYNC|SYNC]. Either way what was removed is freed later.
Translation FlushAll(RespCall& call) {
  const bool known = call.argv.size() == 1 ||
                     (call.argv.size() == 2 && (EqualsIgnoringCase(call.argv[1], "async") ||
                                                EqualsIgnoringCase(call.argv[1], "sync")));
  if (!known) return call.FailSyntax();
  return PlanPerShard(call, OpCode::kClear, ReplyForm::kOkIfAll, [](Operation&) {});
}

Translation Keys(RespCall& call) {
  const ByteView pattern = call.argv[1] == "*" ? ByteView() : call.argv[1];
  if (call.argv[1].empty()) {  // Matches the empty key alone, which does not exist.
    call.Reply().Array(0);
    return Translation::kReplied;
  }
  return PlanPerShard(call, OpCode::kScan, ReplyForm::kKeys, [&](Operation& scan) {
    scan.match = pattern;
    scan.number2 = static_cast<std::int64_t>(limits::kScanItemsMax);
  });
}

Translation RandomKey(RespCall& call) {
  std::uint64_t random = call.node.Random();
  call.plan.from = random;
  return PlanPerShard(call, OpCode::kPick, ReplyForm::kAnyKey, [&](Operation& pick) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    pick.number = static_cast<std::int64_t>(random);
  });
}

namespace {

struct ScanOptions {
  ByteView pattern;  // Empty: any key.
  bool nothing = false;
  std::int64_t count = 10;
};

// False: the error is written.
bool ReadScanOptions(const RespCall& call, ScanOptions& options) {
  const auto& argv = call.argv;
  for (std::size_t i = 2; i < argv.size(); i += 2) {
    const bool has_value = i + 1 < argv.size();
    if (has_value && EqualsIgnoringCase(argv[i], "count")) {
      const auto count = call.Integer(i + 1);
      if (!count) return false;
      if (*count < 1) return call.FailSyntax(), false;
      options.count = *count;
    } else if (has_value && EqualsIgnoringCase(argv[i], "match")) {
      options.pattern = argv[i + 1] == "*" ? ByteView() : argv[i + 1];
      options.nothing = options.nothing || argv[i + 1].empty();
    } else if (has_value && EqualsIgnoringCase(argv[i], "type")) {
      options.nothing = options.nothing || !EqualsIgnoringCase(argv[i + 1], "string");
    } else {
      return call.FailSyntax(), false;
    }
  }
  return true;
}

}  // namespace

// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]. Where it begins a shard it goes through
// some of the next ones as well, for as long as they hold little: else a small data set would take
// as many calls as there are shards.
Translation Scan(RespCall& call) {
  const auto cursor = ScanCursor::Parse(call.argv[1]);
  if (!cursor) return call.Fail("ERR invalid cursor");
  ScanOptions options;
  if (!ReadScanOptions(call, options)) return Translation::kReplied;
  const std::uint32_t shards = call.node.Routing().settings.num_shards;
  if (shards != 0 && cursor->shard >= shards) return call.Fail("ERR invalid cursor");
  if (options.nothing) {
    call.Reply().Array(2);
    call.Reply().Bulk("0");
    call.Reply().Array(0);
    return Translation::kReplied;
  }
  const auto shape = [&](Operation& scan, std::int64_t items) {
    scan.match = options.pattern;
    scan.number2 = std::min(items, static_cast<std::int64_t>(limits::kScanItemsMax));
    return &scan;
  };
  call.plan.form = ReplyForm::kScan;
  call.plan.from = cursor->Pack();
  call.plan.enough = static_cast<std::uint64_t>(options.count);
  call.plan.shards = shards;
  if (shards == 0) {
    AddUnborn(call, OpCode::kScan);
    return Translation::kPlanned;
  }
  shape(AddOfShard(call, OpCode::kScan, cursor->shard), options.count)->number =
      static_cast<std::int64_t>(cursor->position);
  if (cursor->position != 0) return Translation::kPlanned;
  constexpr std::int64_t kPart = 16;
  constexpr std::int64_t kLeast = 10;
  const std::int64_t part = std::max(options.count / kPart, std::min(options.count, kLeast));
  const std::uint32_t end = std::min(shards, cursor->shard + limits::kScanShardsMax);
  for (std::uint32_t shard = cursor->shard + 1; shard < end; ++shard) {
    shape(AddOfShard(call, OpCode::kScan, shard), part);
  }
  return Translation::kPlanned;
}

}  // namespace aegis::node::resp

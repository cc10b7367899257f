// The replies of SCAN, KEYS and RANDOMKEY, from what the shards have found.

#include "node/core/resp_shards_reply.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "model/limits.h"
#include "node/core/key_list.h"
#include "node/core/scan_cursor.h"
#include "ring/slot.h"

namespace aegis::node::resp {
namespace {

void TakeAll(ByteView list, std::vector<ByteView>& keys) {
  while (const auto key = TakeKey(list)) keys.push_back(*key);
}

void WriteKeyArray(const std::vector<ByteView>& keys, wire::RespWriter& reply) {
  reply.Array(keys.size());
  for (const ByteView key : keys) reply.Bulk(key);
}

}  // namespace

const Outcome* WriteScan(const Plan& plan, std::span<const Outcome> outcomes,
                         wire::RespWriter& reply) {
  const ScanCursor begin = ScanCursor::Unpack(plan.from);
  if (outcomes.front().status != Status::kOk) return &outcomes.front();
  std::vector<ByteView> keys;
  ScanCursor next;
  for (std::uint32_t i = 0; i < outcomes.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    next = {begin.shard + i, 0};
    if (outcome.status != Status::kOk) break;  // The next call begins there, and will tell.
    TakeAll(outcome.value, keys);
    next.position = static_cast<std::uint64_t>(outcome.number);
    if (next.position != 0) break;
    next = begin.shard + i + 1 < plan.shards ? ScanCursor{begin.shard + i + 1, 0} : ScanCursor{};
    if (keys.size() >= plan.enough) break;
  }
  reply.Array(2);
  reply.Bulk(std::to_string(next.Pack()));
  WriteKeyArray(keys, reply);
  return nullptr;
}

void WriteKeys(std::span<const Outcome> outcomes, wire::RespWriter& reply) {
  std::vector<ByteView> keys;
  for (const Outcome& outcome : outcomes) {
    if (outcome.number != 0) {
      return reply.Error(fmt::format(
          "ERR KEYS goes through {} keys of one shard at most, fewer if its pattern takes long to "
          "match, and finds {} bytes of them, and there are more: use SCAN",
          limits::kScanItemsMax, limits::kScanBytesMax));
    }
    TakeAll(outcome.value, keys);
  }
  WriteKeyArray(keys, reply);
}

void WriteAnyKey(const Plan& plan, std::span<const Outcome> outcomes, wire::RespWriter& reply) {
  std::uint64_t keys = 0;
  const auto weight = [](const Outcome& outcome) {
    return outcome.status == Status::kOk ? static_cast<std::uint64_t>(outcome.number) : 0;
  };
  for (const Outcome& outcome : outcomes) keys += weight(outcome);
  if (keys == 0) return reply.Null();
  std::uint64_t place = plan.from % keys;
  for (const Outcome& outcome : outcomes) {
    if (place < weight(outcome)) return reply.Bulk(outcome.value);
    place -= weight(outcome);
  }
}

void WriteSlot(const Plan& plan, const Outcome& outcome, wire::RespWriter& reply) {
  std::vector<ByteView> keys;
  TakeAll(outcome.value, keys);
  std::erase_if(keys, [&](ByteView key) { return ring::SlotOf(key).value() != plan.from; });
  const bool enough = plan.form == ReplyForm::kKeysInSlot && keys.size() >= plan.enough;
  if (outcome.number != 0 && !enough) {
    return reply.Error("ERR The slot's shard has too many keys to look at all of them: use SCAN");
  }
  if (plan.form == ReplyForm::kCountInSlot) {
    return reply.Integer(static_cast<std::int64_t>(keys.size()));
  }
  if (enough) keys.resize(plan.enough);
  WriteKeyArray(keys, reply);
}

}  // namespace aegis::node::resp

// WAIT: how many followers hold what the connection has written.
//
// Redis has one stream of writes, we have one per shard: every shard that the connection wrote to
// is asked, and the least answer counts. Each answers for all that it held when the WAIT came: what
// a leader that was lost since the write took with it, its successor does not know of.

#include "node/core/resp_wait.h"

#include "node/core/resp_call.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"
#include "ring/slot.h"

namespace aegis::node::resp {

void RememberWrites(const Plan& plan, NodeView& node, RespSession& session) {
  for (const Operation& operation : plan.operations) {
    if (!operation.IsWrite()) return;  // All or none are.
    const std::uint32_t count = node.Routing().settings.num_shards;
    session.written.resize(count);
    session.written[ring::ShardOf(operation.key, count).value()] = true;
  }
}

Translation Wait(RespCall& call) {
  const auto copies = call.Integer(1);
  if (!copies) return Translation::kReplied;
  const auto timeout = ParseInteger(call.argv[2]);
  if (!timeout) return call.Fail("ERR timeout is not an integer or out of range");
  if (*timeout < 0) return call.Fail("ERR timeout is negative");

  call.plan.form = ReplyForm::kLeastNumber;
  const auto ask = [&](Slot slot) {
    Operation& await = call.Add(OpCode::kAwait, ring::KeyOf(slot));
    await.number = *copies;
    await.expiry_ms = *timeout;
  };
  const std::vector<bool>& written = call.session.written;
  const auto count = static_cast<std::uint32_t>(written.size());
  for (std::uint32_t shard = 0; shard < count; ++shard) {
    if (written[shard]) ask(ring::SlotsOf(ShardId{shard}, count).first);
  }
  if (call.plan.operations.empty()) ask(Slot{0});
  return Translation::kPlanned;
}

}  // namespace aegis::node::resp

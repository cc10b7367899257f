#include "node/core/shard_command.h"

namespace aegis::node {

void Apply(const ShardCommand& command, Shard& shard, ShardEffects& effects) {
  const ShardReport report = shard.Report();
  if (report.role != command.decided_on_role || report.epoch != command.decided_on_epoch) return;
  switch (command.kind) {
    case ShardCommand::Kind::kNothing:
      return;
    case ShardCommand::Kind::kLead:
      shard.Lead(command.epoch, command.session, command.quorum_used, effects);
      return;
    case ShardCommand::Kind::kFollow:
      shard.Follow(command.node, command.epoch, command.change, effects);
      return;
    case ShardCommand::Kind::kOrphan:
      shard.Orphan(effects);
      return;
    case ShardCommand::Kind::kHandOver:
      shard.HandOver(command.node, effects);
      return;
    case ShardCommand::Kind::kRelease:
      shard.Release(effects);
      return;
  }
}

}  // namespace aegis::node

// InBlock: an operation whose large value is copied into a block of its own, before anybody takes
// the lock of its shard: there it is only handed over.

#pragma once

#include "model/block.h"
#include "model/limits.h"
#include "model/operation.h"

namespace aegis::node {

// True: it stores its value as it is, which is large and lies in no block yet.
inline bool WantsBlock(const Operation& operation) {
  return operation.value.size() >= limits::kBlockValueMin && operation.block == nullptr &&
         operation.code == OpCode::kSet;
}

class InBlock {
 public:
  // `block`: what the value lies in, if it is worth keeping; null: the value is copied. `operation`
  // outlives this. REQUIRES: WantsBlock().
  explicit InBlock(const Operation& operation, const Block* block = nullptr)
      : operation_(operation), block_(block) {
    if (!block_) {
      block_ = Block::Copy(operation.value);
      operation_.value = block_->bytes();
    }
    operation_.block = block_.get();
  }

  const Operation& operation() const { return operation_; }

 private:
  Operation operation_;
  BlockRef block_;
};

}  // namespace aegis::node

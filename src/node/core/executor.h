// Executor: what each operation means for one shard's table.
//
// It reads the table, decides, and hands every change to a sink as a record; it never changes the
// table itself. The leader's shard is the sink. The meanings follow Redis 7.0 where Redis has the
// command, and memcached 1.6 for counters.

#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "model/operation.h"
#include "replication/record.h"
#include "store/table.h"

namespace aegis::node {

// A value that is to be stored.
struct Incoming {
  std::size_t size = 0;
  bool held = false;  // It lies in a block that the table has already.
  ByteView key = {};  // It takes the place of what that key has. Empty: it is not for one key.
};

// Where changes go. The record's version is filled in by the sink.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  // Numbers the record, applies it to the table and keeps it for the followers. Views in `record`
  // may borrow from the table.
  virtual Version Commit(replication::Record& record) = 0;
  // True iff an item of this size may be stored now; makes room for it if it can.
  virtual bool MakeRoom(std::size_t key_size, const Incoming& value) = 0;
};

class Executor {
 public:
  // `scratch` holds values that outcomes show and no item holds. All outlive the executor.
  Executor(store::Table& table, RecordSink& sink, Bytes& scratch)
      : table_(table), sink_(sink), scratch_(scratch) {}

  // Views in the outcome are valid until the table or the scratch changes.
  Outcome Execute(const Operation& operation, UnixMs now);

 private:
  Outcome Get(const Operation& op, UnixMs now);
  Outcome Peek(const Operation& op, UnixMs now);
  Outcome GetRange(const Operation& op, UnixMs now);
  Outcome GetExpire(const Operation& op, UnixMs now);
  Outcome Set(const Operation& op, UnixMs now);
  Outcome Delete(const Operation& op, UnixMs now, bool return_value);
  Outcome Expire(const Operation& op, UnixMs now);
  Outcome Append(const Operation& op, UnixMs now);  // And kPrepend.
  Outcome SetRange(const Operation& op, UnixMs now);

  // executor_of_numbers.cc
  Outcome Increment(const Operation& op, UnixMs now);
  Outcome IncrementFloat(const Operation& op, UnixMs now);
  Outcome Counter(const Operation& op, UnixMs now);  // kCountUp, kCountDown
  Outcome BeginCounter(const Operation& op, UnixMs now);

  // executor_of_keys.cc
  Outcome RenameOrCopy(const Operation& op, UnixMs now);
  Outcome MultiSetNx(const Operation& op, UnixMs now);

  // executor_of_shard.cc
  Outcome Clear();
  Outcome Scan(const Operation& op, UnixMs now);
  Outcome Count() const;
  Outcome Pick(const Operation& op, UnixMs now);

  // The live item: not a tombstone, not expired. `touch` counts as a use, as a write does by
  // itself.
  std::optional<store::ItemView> Live(ByteView key, UnixMs now, bool touch = false);

  // Stores and describes it in `outcome`; a failure (size, memory) is the outcome.
  // `block`: what the value lies in, if it is to be kept rather than a copy.
  Outcome Store(ByteView key, ByteView value, std::int64_t expires_at, std::uint32_t client_flags,
                const Block* block = nullptr);
  static replication::Record RecordOf(ByteView key, ByteView value, std::int64_t expires_at,
                                      std::uint32_t client_flags, const Block* block);
  Outcome Commit(replication::Record& set);
  // Changes when `item` expires; at or before `now`, removes it.
  Outcome SetExpiry(const store::ItemView& item, std::int64_t expires_at, UnixMs now);
  void Remove(ByteView key);
  // Has the outcome show the item's value, which may change before it is shown.
  void Show(const store::ItemView& item, Outcome& outcome);

  store::Table& table_;
  RecordSink& sink_;
  Bytes& scratch_;
};

}  // namespace aegis::node

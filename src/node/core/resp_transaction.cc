#include "node/core/resp_transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "model/limits.h"
#include "node/core/resp_command_info.h"
#include "node/core/resp_handlers.h"
#include "replication/record.h"
#include "ring/slot.h"
#include "wire/operation_codec.h"

namespace aegis::node::resp {
namespace {

constexpr ByteView kCrossSlot = "CROSSSLOT Keys in request don't hash to the same slot";

Transaction& TransactionOf(RespSession& session) {
  if (!session.transaction) session.transaction = std::make_shared<Transaction>();
  return *session.transaction;
}

void End(RespSession& session) {
  session.transaction.reset();
  session.queued = -1;
}

bool InMulti(const RespSession& session) {
  return session.transaction && session.transaction->multi;
}

// True: the key is in the shard of all others.
bool Joins(const RespCall& call, ByteView key, Transaction& transaction) {
  const std::uint32_t shards = call.node.Routing().settings.num_shards;
  if (shards == 0) return true;
  const ShardId shard = ring::ShardOf(key, shards);
  if (!transaction.shard) transaction.shard = shard;
  return transaction.shard == shard;
}

bool AllKeysJoin(const RespCall& call, Transaction& transaction) {
  const KeyRange& range = call.command->keys;
  if (range.first == 0) return true;
  const int count = static_cast<int>(call.argv.size());
  const int last = range.last < 0 ? count + range.last : range.last;
  for (int i = range.first; i <= last && i < count; i += range.step) {
    if (!Joins(call, call.argv[static_cast<std::size_t>(i)], transaction)) return false;
  }
  return true;
}

bool RunsInMulti(const CommandInfo& command) {
  const CommandInfo::Handler handler = command.handler;
  return handler == Exec || handler == Discard || handler == Multi || handler == Watch ||
         handler == Quit || handler == Reset;
}

Transaction::Queued Keep(const RespCall& call) {
  Transaction::Queued queued;
  queued.command = call.command;
  for (const ByteView argument : call.argv) {
    queued.bytes.append(argument);
    queued.ends.push_back(static_cast<std::uint32_t>(queued.bytes.size()));
  }
  return queued;
}

// What was queued will never run.
Translation Refuse(RespCall& call, ByteView error) {
  Transaction& transaction = *call.session.transaction;
  transaction.refused = true;
  transaction.queued = {};
  transaction.bytes = 0;
  return call.Fail(error);
}

// Of a command that is queued: an argument costs something even if it is empty.
std::size_t SizeOf(std::span<const ByteView> argv) {
  std::size_t bytes = argv.size() * sizeof(Transaction::Queued::ends[0]);
  for (const ByteView argument : argv) bytes += argument.size();
  return bytes;
}

// What the command means, as EXEC finds it.
ExecPlan::Element Translated(const RespCall& exec, const Transaction::Queued& queued) {
  ExecPlan::Element element;
  Plan plan;
  const std::vector<ByteView> argv = queued.argv();
  RespCall call{argv,     queued.command, exec.session, exec.node,
                exec.now, exec.unix_now,  plan,         element.reply};
  Translation translation = queued.command->handler(call);
  if (translation == Translation::kPlanned) translation = CheckLimits(call);
  if (translation != Translation::kPlanned) return element;
  element.form = plan.form;
  element.operations = std::move(plan.operations);
  return element;
}

// The one operation of an EXEC. REQUIRES: there are operations, or keys watched.
void PlanBatch(const RespCall& call, std::vector<Operation> operations, ExecPlan& exec) {
  const Transaction& transaction = *exec.transaction;
  wire::AppendMultiRequest(operations, call.plan.scratch);
  Operation& batch =
      call.Add(OpCode::kBatch, operations.empty() ? ByteView(transaction.watched.front().key)
                                                  : operations.front().key);
  batch.value = call.plan.scratch;
  const bool reads = std::ranges::all_of(operations, &Operation::OnlyReads);
  batch.number = reads ? kOnlyReads : 0;
  exec.versions.reserve(transaction.watched.size());
  for (const Transaction::Watched& watched : transaction.watched) {
    Bytes version = replication::EncodeVersion(watched.version);
    if (watched.version == Version{}) version += replication::EncodeVersion(watched.absent_at);
    exec.versions.push_back(std::move(version));
    batch.more.push_back({watched.key, exec.versions.back()});
  }
}

}  // namespace

std::vector<ByteView> Transaction::Queued::argv() const {
  std::vector<ByteView> views;
  std::size_t begin = 0;
  for (const std::uint32_t end : ends) {
    views.push_back(ByteView(bytes).substr(begin, end - begin));
    begin = end;
  }
  return views;
}

std::optional<Translation> QueueInTransaction(RespCall& call, bool known) {
  Transaction& transaction = *call.session.transaction;
  if (!transaction.multi) return std::nullopt;
  if (!known) {
    transaction.refused = true;
    return Translation::kReplied;
  }
  if (RunsInMulti(*call.command)) return std::nullopt;
  if ((call.command->flags & kNotQueued) != 0) {
    return Refuse(call, fmt::format("ERR '{}' cannot be part of a transaction: it is about more "
                                    "than the keys of one shard",
                                    call.command->name));
  }
  if (!AllKeysJoin(call, transaction)) return Refuse(call, kCrossSlot);
  const std::size_t bytes = SizeOf(call.argv);
  if (transaction.queued.size() == limits::kQueuedCommandsMax ||
      transaction.bytes + bytes > limits::kQueuedBytesMax) {
    return Refuse(call, fmt::format("ERR a transaction has {} commands and {} bytes at most",
                                    limits::kQueuedCommandsMax, limits::kQueuedBytesMax));
  }
  if (!transaction.refused) {
    transaction.queued.push_back(Keep(call));
    transaction.bytes += bytes;
  }
  ++call.session.queued;
  call.Reply().SimpleString("QUEUED");
  return Translation::kReplied;
}

void LearnVersions(std::span<const Outcome> outcomes, RespSession& session) {
  auto& watched = session.transaction->watched;
  const std::size_t first = watched.size() - outcomes.size();
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].status == Status::kOk) {
      watched[first + i].version = outcomes[i].version;
    } else {
      watched[first + i].absent_at = outcomes[i].position;
    }
  }
}

void ForgetLastWatched(std::size_t keys, RespSession& session) {
  Transaction& transaction = *session.transaction;
  for (; keys > 0; --keys) {
    transaction.watched_bytes -= transaction.watched.back().key.size();
    transaction.watched.pop_back();
  }
  if (transaction.watched.empty() && !InMulti(session)) End(session);
}

Translation Multi(RespCall& call) {
  if (InMulti(call.session)) return call.Fail("ERR MULTI calls can not be nested");
  TransactionOf(call.session).multi = true;
  call.session.queued = 0;
  return call.Ok();
}

Translation Discard(RespCall& call) {
  if (!InMulti(call.session)) return call.Fail("ERR DISCARD without MULTI");
  End(call.session);
  return call.Ok();
}

Translation Watch(RespCall& call) {
  if (InMulti(call.session)) return call.Fail("ERR WATCH inside MULTI is not allowed");
  const auto keys = call.argv.subspan(1);
  const bool watches = call.session.transaction != nullptr;
  const std::size_t before = watches ? call.session.transaction->watched.size() : 0;
  if (before + keys.size() > limits::kWatchedKeysMax) {
    return call.Fail(
        fmt::format("ERR a connection watches {} keys at most", limits::kWatchedKeysMax));
  }
  std::size_t bytes = 0;
  for (const ByteView key : keys) bytes += key.size();
  const std::size_t bytes_before = watches ? call.session.transaction->watched_bytes : 0;
  if (bytes_before + bytes > limits::kWatchedBytesMax) {
    return call.Fail(
        fmt::format("ERR a connection watches {} bytes of keys at most", limits::kWatchedBytesMax));
  }
  // In a session: the position tells since when a key is not there.
  for (const ByteView key : keys) call.Add(OpCode::kPeek, key).session = Version{};
  if (const auto checked = CheckLimits(call); checked != Translation::kPlanned) return checked;
  Transaction& transaction = TransactionOf(call.session);
  if (!AllKeysJoin(call, transaction)) {
    if (!watches) End(call.session);
    return call.Fail(kCrossSlot);
  }
  for (const ByteView key : keys) transaction.watched.push_back({Bytes(key), {}});
  transaction.watched_bytes += bytes;
  call.plan.form = ReplyForm::kWatch;
  return Translation::kPlanned;
}

Translation Unwatch(RespCall& call) {
  if (!InMulti(call.session)) End(call.session);
  return call.Ok();
}

Translation Exec(RespCall& call) {
  if (!InMulti(call.session)) return call.Fail("ERR EXEC without MULTI");
  const std::shared_ptr<Transaction> transaction = call.session.transaction;
  End(call.session);
  if (transaction->refused) {
    return call.Fail("EXECABORT Transaction discarded because of previous errors.");
  }
  const auto exec = std::make_shared<ExecPlan>();
  exec->transaction = transaction;
  std::vector<Operation> operations;
  for (const Transaction::Queued& queued : transaction->queued) {
    exec->elements.push_back(Translated(call, queued));
    const auto& some = exec->elements.back().operations;
    operations.insert(operations.end(), some.begin(), some.end());
  }
  if (operations.empty() && transaction->watched.empty()) {
    const std::size_t reply_at = call.out.size();
    call.Reply().Array(exec->elements.size());
    for (ExecPlan::Element& element : exec->elements) {
      element.at = call.out.size() - reply_at;
      call.out.append(element.reply);
    }
    call.plan.exec = exec;
    return Translation::kReplied;
  }
  if (operations.size() > limits::kBatchOperationsMax) {
    return call.Fail(
        fmt::format("ERR a transaction works on {} keys at most", limits::kBatchOperationsMax));
  }
  PlanBatch(call, std::move(operations), *exec);
  call.plan.form = ReplyForm::kExec;
  call.plan.exec = exec;
  return Translation::kPlanned;
}

}  // namespace aegis::node::resp

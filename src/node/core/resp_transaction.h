// Transaction: what one connection has watched and queued: WATCH, MULTI, EXEC, DISCARD, UNWATCH.
//
// A command between MULTI and EXEC is looked up and its arguments counted when it comes, and
// translated when EXEC does. All operations of the queued commands become one kBatch, so all keys
// have to be in one shard, those watched as well.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "model/ids.h"
#include "model/operation.h"
#include "model/version.h"
#include "node/core/resp_call.h"
#include "node/core/resp_commands.h"

namespace aegis::node::resp {

struct Transaction {
  struct Watched {
    Bytes key;
    Version version;      // When it was watched; (0,0): there was none, or it is not known yet.
    Version absent_at{};  // Where the shard stood then, if the key was not there.
  };
  struct Queued {
    const CommandInfo* command = nullptr;
    Bytes bytes;                      // Of all arguments,
    std::vector<std::uint32_t> ends;  // and where each ends.

    std::vector<ByteView> argv() const;
  };

  bool multi = false;    // MULTI was said.
  bool refused = false;  // A command could not be queued: EXEC will refuse the rest.
  std::vector<Watched> watched;
  std::vector<Queued> queued;
  std::size_t bytes = 0;          // Of what is queued,
  std::size_t watched_bytes = 0;  // and of the keys watched.
  std::optional<ShardId> shard;   // Of all keys so far.

  // Roughly what it costs to keep.
  std::size_t held() const {
    return sizeof(Transaction) + bytes + queued.size() * sizeof(Queued) + watched_bytes +
           watched.size() * sizeof(Watched);
  }
};

// What EXEC answers.
struct ExecPlan {
  struct Element {
    Bytes reply;                        // Complete, if there are no operations.
    std::size_t at = 0;                 // Where it begins in EXEC's reply, once that is written.
    ReplyForm form = ReplyForm::kOk;    // Of the operations' outcomes,
    std::vector<Operation> operations;  // whose views borrow from what is gone by then.
  };
  std::vector<Element> elements;
  std::shared_ptr<const Transaction> transaction;  // What the plan's operation borrows from.
  std::vector<Bytes> versions;                     // Likewise.
};

// Takes the command into the transaction, or refuses it, if MULTI was said and the command is one
// that waits for EXEC. `known` false: it is none, or has too few or many arguments, and the reply
// says so already. Nothing: it is to be run as ever. REQUIRES: call.session.transaction.
std::optional<Translation> QueueInTransaction(RespCall& call, bool known);

// WATCH: the versions of the keys that were watched last. False: they are not known, and the keys
// not watched.
void LearnVersions(std::span<const Outcome> outcomes, RespSession& session);
void ForgetLastWatched(std::size_t keys, RespSession& session);

// Nothing of a command is applied when any part of it is over a limit: kReplied with the error, or
// kPlanned. (resp_commands.cc)
Translation CheckLimits(const RespCall& call);

}  // namespace aegis::node::resp

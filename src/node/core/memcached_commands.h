// memcached commands: what a command of memcached's text and meta protocols means here.
//
// TranslateMemcached() turns one parsed request into a finished reply (version, stats, every error)
// or into a plan: operations for shards, and the form their outcomes are shown in. The caller runs
// the operations wherever their shards are led and then calls WriteMemcachedReply(). Meanings and
// texts are those of memcached 1.6.18; docs/MEMCACHED.md has where we differ.
//
// Pure and stateless: nothing of a connection is remembered from one command to the next.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/operation.h"
#include "node/core/resp_commands.h"
#include "wire/memcached.h"

namespace aegis::node {

// The memcached whose commands and texts these are; what `version` tells clients.
inline constexpr ByteView kMemcachedVersion = "1.6.18";

// How outcomes become a reply.
enum class MemcachedForm : std::uint8_t {
  kValues,   // get, gets, gat, gats: VALUE ... for what is there, then END
  kStored,   // STORED, NOT_STORED, EXISTS or NOT_FOUND
  kDeleted,  // DELETED or NOT_FOUND
  kTouched,  // TOUCHED or NOT_FOUND
  kCount,    // incr, decr: the number or NOT_FOUND
  kMetaGet,  // VA ..., HD ... or EN
  kMetaSet,  // HD, NS, EX or NF
  kMetaDelete,
  kMetaCount,  // ma: VA ..., HD, NF or EX
  kMetaDebug,  // me
  kFlushed,    // flush_all: OK, or the error of a shard
  kTooLarge,   // The error, whatever the outcome.
};

struct MemcachedPlan {
  MemcachedForm form = MemcachedForm::kValues;
  bool silent = false;      // noreply: run the operations, answer nothing.
  bool quiet = false;       // Meta flag q: the usual is not said.
  bool with_cas = false;    // gets, gats
  bool with_value = false;  // Meta flag v
  bool base64 = false;      // Meta flag b
  ByteView key{};           // Of a meta command, as the client wrote it,
  ByteView flags{};         // and its flags.
  // Views into the request and `decoded_key`.
  std::vector<Operation> operations;
  Bytes decoded_key;  // Of a key in base64.
  std::vector<char> kept{};

  void Clear();
  // From now on what a reply needs borrows from `kept`, and the plan may outlive its request. Only
  // operations that have been run or submitted lose nothing by it; those before `first` go.
  void Keep(std::size_t first);
};

// `unix_now` and `now` are the caller's clocks. The request's data block is of a state that
// ParseMemcachedRequest() names; any of them is answered.
Translation TranslateMemcached(const wire::MemcachedRequest& request, NodeView& node, TimePoint now,
                               UnixMs unix_now, MemcachedPlan& plan, Bytes& out);

// Writes the reply of a plan. `outcomes` match plan.operations one to one.
void WriteMemcachedReply(const MemcachedPlan& plan, std::span<const Outcome> outcomes,
                         UnixMs unix_now, OutgoingTail out);

// The parts of a reply in MemcachedForm::kValues, for callers that write each value as it comes:
// AppendValue() for each operation, then AppendEnd(). False: the outcome is an error, and the reply
// ends with AppendError() in place of AppendEnd().
bool AppendMemcachedValue(const MemcachedPlan& plan, const Operation& operation,
                          const Outcome& outcome, OutgoingTail out);
void AppendMemcachedEnd(Bytes& out);
// A line that tells which error it is. REQUIRES: the outcome is neither kOk, kNotFound nor
// kConflict.
void AppendMemcachedError(const Outcome& outcome, Bytes& out);

}  // namespace aegis::node

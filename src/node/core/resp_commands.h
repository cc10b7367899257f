// RESP commands: what a Redis command means here.
//
// Translate() turns one parsed command into a finished reply (PING, HELLO, INFO, every error) or
// into a plan: operations for shards, and the form their outcomes are shown in. The caller runs
// the operations wherever their shards are led and then calls WriteReply(). The tables follow
// Redis 7.0, its error texts to the letter where clients look at them.
//
// Pure, stateless but for RespSession, which one connection owns.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/operation.h"
#include "model/routing.h"
#include "wire/resp.h"

namespace aegis::node {

// What one RESP connection has told us about itself.
struct RespSession {
  enum class ReplyMode : std::uint8_t { kOn, kOff, kSkipNext, kSkipThis };  // CLIENT REPLY

  std::uint64_t id = 0;  // CLIENT ID
  std::string address;   // "ip:port" of the client
  std::string local_address;
  int version = 2;       // RESP version; HELLO changes it.
  std::string name;      // CLIENT SETNAME
  std::string lib_name;  // CLIENT SETINFO
  std::string lib_version;
  ReplyMode reply_mode = ReplyMode::kOn;
  TimePoint connected_at;
  TimePoint last_command_at;
  std::string last_command;
  bool no_evict = false;
  bool no_touch = false;
  std::vector<bool> written;  // Shards that it wrote to, for WAIT; empty: none.
};

// What INFO, CLIENT LIST, CONFIG and the like show; gathered by the shell only when asked for.
struct NodeFacts {
  std::string version;  // Of the aegis binary.
  std::string node_name;
  std::uint64_t run_id = 0;
  std::int64_t process_id = 0;
  std::uint16_t tcp_port = 0;
  TimePoint started_at;
  std::uint64_t connected_clients = 0;
  std::uint64_t connections_received = 0;
  std::uint64_t connections_rejected = 0;
  std::uint64_t commands_processed = 0;
  std::uint64_t keyspace_hits = 0;
  std::uint64_t keyspace_misses = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t evicted_keys = 0;
  std::uint64_t used_memory = 0;      // Bytes accounted to items.
  std::uint64_t used_memory_rss = 0;  // Bytes the OS counts.
  std::uint64_t max_memory = 0;       // Bytes.
  std::uint64_t keys = 0;             // Led by this node.
  std::uint64_t keys_with_expiry = 0;
  std::uint64_t cluster_nodes = 1;
  std::uint32_t worker_threads = 0;
};

// What Translate() may ask of the shell. Called only by the commands that need it.
class NodeView {
 public:
  virtual ~NodeView() = default;
  virtual NodeFacts Facts() = 0;
  virtual const RoutingTable& Routing() = 0;
  // Every RESP connection of this node, for CLIENT LIST / KILL; any order.
  virtual std::vector<RespSession> Sessions() = 0;
  // Closes the connection with this id. False: there is none.
  virtual bool Kill(std::uint64_t session_id) = 0;
  virtual void ResetStatistics() = 0;  // CONFIG RESETSTAT
};

// How outcomes become a reply.
enum class ReplyForm : std::uint8_t {
  kValueOrNull,      // GET, GETDEL, GETEX, GETSET, SET ... GET
  kValueOrEmpty,     // GETRANGE
  kSetResult,        // SET: +OK, or null when its condition did not hold
  kOk,               // SETEX, RENAME (kNotFound: "ERR no such key")
  kNumber,           // INCR, APPEND, STRLEN, EXPIRE, ...: outcome.number
  kNumberFromFound,  // 1 if the outcome is kOk, 0 if kNotFound or kConflict: SETNX, COPY, ...
  kValueText,        // INCRBYFLOAT
  kTtlSeconds,       // TTL: -2 missing, -1 no expiry, else rounded as Redis rounds
  kTtlMilliseconds,
  kExpireTimeSeconds,
  kExpireTimeMilliseconds,
  kType,           // +string or +none
  kArrayOfValues,  // MGET
  kSumOfFound,     // DEL, UNLINK, EXISTS, TOUCH
  kOkIfAll,        // MSET
  kLeastNumber,    // WAIT
  kNothing,        // Under CLIENT REPLY OFF or SKIP: run the operations, answer nothing.
};

struct Plan {
  ReplyForm form = ReplyForm::kOk;
  int version = 2;  // The session's when the command came: a HELLO behind it changes nothing here.
  std::vector<Operation> operations;  // Views into argv and `scratch`.
  Bytes scratch;                      // Owned text that operations point into, when needed.
};

enum class Translation : std::uint8_t {
  kReplied,       // The reply (possibly nothing: CLIENT REPLY OFF) is in `out`.
  kPlanned,       // Run `plan`, then WriteReply().
  kRepliedClose,  // As kReplied; then flush and close: QUIT.
};

// REQUIRES: !argv.empty(). `unix_now` and `now` are the caller's clocks.
Translation Translate(std::span<const ByteView> argv, RespSession& session, NodeView& node,
                      TimePoint now, UnixMs unix_now, Plan& plan, Bytes& out);

// Writes the reply of a plan. `outcomes` match plan.operations one to one. CLIENT REPLY is already
// in the plan's form, and `session` may have moved on: commands behind this one may have been
// translated while it waited for another node.
void WriteReply(const Plan& plan, std::span<const Outcome> outcomes, RespSession& session,
                UnixMs unix_now, Bytes& out);

// As WriteReply for a plan of one operation; the hot path. For commands that are answered before
// the connection's next is translated.
void WriteReply(ReplyForm form, const Operation& operation, const Outcome& outcome,
                RespSession& session, UnixMs unix_now, Bytes& out);

}  // namespace aegis::node

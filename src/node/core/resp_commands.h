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
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/eviction_policy.h"
#include "model/operation.h"
#include "model/routing.h"
#include "node/core/node_statistics.h"
#include "node/core/resp_error_code.h"
#include "wire/resp.h"

namespace aegis::node {

namespace resp {
struct CommandInfo;
struct Transaction;
struct ExecPlan;
}  // namespace resp

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
  // WATCH and MULTI; null: neither. Only its own connection looks into it, within its turn.
  std::shared_ptr<resp::Transaction> transaction;
  int queued = -1;  // Commands behind MULTI; -1: there was none.
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
  std::uint64_t clients_max = 0;  // More are turned away.
  std::uint64_t connections_received = 0;
  std::uint64_t connections_rejected = 0;
  std::uint64_t commands_processed = 0;
  std::uint64_t stores = 0;   // Of clients, in the words of memcached: set and its kin,
  std::uint64_t touches = 0;  // touch and gat,
  std::uint64_t flushes = 0;  // flush_all.
  std::uint64_t keyspace_hits = 0;
  std::uint64_t keyspace_misses = 0;
  std::uint64_t expired_keys = 0;
  std::uint64_t evicted_keys = 0;
  std::uint64_t used_memory = 0;      // Bytes accounted to items.
  std::uint64_t used_memory_rss = 0;  // Bytes the OS counts.
  std::uint64_t max_memory = 0;       // Bytes.
  EvictionPolicy eviction = EvictionPolicy::kSlru;
  std::uint64_t used_memory_peak = 0;     // The most that used_memory was, seen once a second.
  std::uint64_t allocator_allocated = 0;  // 0: the allocator does not tell.
  std::uint64_t allocator_resident = 0;
  std::uint64_t rings_memory = 0;    // Of used_memory, recent records for other copies.
  std::uint64_t clients_memory = 0;  // Held for client connections.
  std::uint64_t system_memory = 0;   // Of the machine.
  std::uint64_t keys = 0;            // Led by this node.
  std::uint64_t keys_with_expiry = 0;
  std::string system;  // "Linux 6.1.0 x86_64"
  Duration cpu_user{};
  Duration cpu_system{};
  std::uint64_t received_bytes = 0;  // From clients,
  std::uint64_t sent_bytes = 0;      // and to them.
  std::uint64_t peer_received_bytes = 0;
  std::uint64_t peer_sent_bytes = 0;
  std::uint64_t commands_per_second = 0;  // As of the last second or so.
  std::uint64_t received_bytes_per_second = 0;
  std::uint64_t sent_bytes_per_second = 0;
  std::uint64_t peer_received_bytes_per_second = 0;
  std::uint64_t peer_sent_bytes_per_second = 0;
  ErrorCounts errors{};  // Replies to RESP clients, by code.
  std::uint64_t cluster_nodes = 1;
  std::uint32_t worker_threads = 0;
};

// What took a node longer than it should, for SLOWLOG.
struct SlowCommand {
  std::uint64_t id = 0;  // Counts from 0 since the node's start.
  UnixMs at;
  Duration took{};
  std::vector<std::string> arguments;  // Excerpts of the first ones.
  std::string address;                 // Of the client.
  std::string client_name;
};

struct SlowLogSettings {
  std::int64_t slower_than_us = 10'000;  // Negative: nothing is logged.
  std::int64_t entries_max = 128;
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
  virtual std::uint64_t Random() = 0;
  virtual void Shutdown() = 0;  // Begins to stop the node, in order.

  // The slow log, see SlowLogSettings.
  virtual SlowLogSettings SlowLog() = 0;
  virtual void SetSlowLog(const SlowLogSettings& settings) = 0;
  virtual std::vector<SlowCommand> SlowCommands() = 0;  // The newest first.
  virtual void ForgetSlowCommands() = 0;

  // Of every RESP command that came; in the order of the command table.
  virtual std::vector<CommandUsage> CommandUsages() = 0;

  // The latency monitor. 0 ms: it is off.
  virtual std::int64_t LatencyThresholdMs() = 0;
  virtual void SetLatencyThresholdMs(std::int64_t ms) = 0;
  virtual std::vector<LatencyEvent> LatencyEvents() = 0;
  virtual bool ForgetLatencyEvent(ByteView name) = 0;  // False: there was none.

  virtual std::vector<NodeLink> Links() = 0;  // As of about a second ago.
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
  kSumOfNumbers,   // DBSIZE
  kScan,           // SCAN, see Plan::from
  kKeys,           // KEYS
  kAnyKey,         // RANDOMKEY, see Plan::from
  kCountInSlot,    // CLUSTER COUNTKEYSINSLOT; Plan::from = the slot
  kKeysInSlot,     // CLUSTER GETKEYSINSLOT; Plan::enough = how many
  kEncoding,       // OBJECT ENCODING, REFCOUNT, FREQ, IDLETIME
  kReferences,
  kFrequency,
  kIdleTime,
  kMemoryUsage,    // MEMORY USAGE; Plan::from = the key's size
  kWatch,          // +OK, and the session's transaction learns the versions that were seen.
  kWatchSilently,  // The same under CLIENT REPLY OFF or SKIP.
  kExec,           // EXEC, see Plan::exec
  kNothing,        // Under CLIENT REPLY OFF or SKIP: run the operations, answer nothing.
};

// What became of a command, besides its reply.
enum class Course : std::uint8_t {
  kRuns,
  kQueued,   // For EXEC, or refused there.
  kRefused,  // There is no such command, or it does not take these arguments or so many keys.
};

struct Plan {
  ReplyForm form = ReplyForm::kOk;
  Course course = Course::kRuns;
  const resp::CommandInfo* command = nullptr;  // Null: there is no such command.
  int version = 2;  // The session's when the command came: a HELLO behind it changes nothing here.
  std::vector<Operation> operations;  // Views into argv and `scratch`.
  Bytes scratch;                      // Owned text that operations point into, when needed.
  // kScan: the cursor it began with, and how many keys are enough. kAnyKey: a random number.
  std::uint64_t from = 0;
  std::uint64_t enough = 0;
  std::uint32_t shards = 0;              // kScan: how many there are.
  std::shared_ptr<resp::ExecPlan> exec;  // EXEC: what to answer of each command.
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
                UnixMs unix_now, OutgoingTail out);

// As WriteReply for a plan of one operation; the hot path. For commands that are answered before
// the connection's next is translated.
void WriteReply(ReplyForm form, const Operation& operation, const Outcome& outcome,
                RespSession& session, UnixMs unix_now, OutgoingTail out);

}  // namespace aegis::node

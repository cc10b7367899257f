#include "node/core/resp_command_table.h"

#include <array>
#include <cstddef>

#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

using enum CommandGroup;

constexpr std::uint32_t kAnytime = kLoading | kStale;
constexpr std::uint32_t kHandshake = kNoScript | kAnytime | kFast | kNoAuth | kAllowBusy;
constexpr std::uint32_t kOperator = kAdmin | kNoScript | kAnytime;

constexpr KeyRange kNoKeys{};
constexpr KeyRange kOneKey{1, 1, 1};
constexpr KeyRange kTwoKeys{1, 2, 1};
constexpr KeyRange kAllKeys{1, -1, 1};
constexpr KeyRange kPairs{1, -1, 2};

constexpr ByteView kPerShard = "request_policy:multi_shard";
constexpr ByteView kSummed = "request_policy:multi_shard response_policy:agg_sum";

constexpr CommandInfo kClient[] = {
    {"client|getname", 2, kNoScript | kAnytime | kInConnection, kConnection, kNoKeys, "2.6.9",
     "Get the connection's name", "", ClientGetName},
    {"client|help", 2, kAnytime | kInConnection, kConnection, kNoKeys, "5.0.0",
     "Show the subcommands", "", Help},
    {"client|id", 2, kNoScript | kAnytime | kInConnection, kConnection, kNoKeys, "5.0.0",
     "Get the connection's number", "", ClientId},
    {"client|info", 2, kNoScript | kAnytime | kInConnection, kConnection, kNoKeys, "6.2.0",
     "Describe this connection", "", ClientInfo, "", "nondeterministic_output"},
    {"client|kill", -3, kOperator | kInConnection, kConnection, kNoKeys, "2.4.0",
     "Close connections",
     "ip:port|[ID client-id] [TYPE type] [USER username] [ADDR ip:port] [LADDR ip:port] "
     "[SKIPME yes-no]",
     ClientKill},
    {"client|list", -2, kOperator | kInConnection, kConnection, kNoKeys, "2.4.0",
     "List the open connections", "[TYPE type] [ID client-id...]", ClientList, "",
     "nondeterministic_output"},
    {"client|no-evict", 3, kOperator | kInConnection, kConnection, kNoKeys, "7.0.0",
     "Protect the connection from eviction of clients", "ON|OFF", ClientNoEvict},
    {"client|no-touch", 3, kNoScript | kAnytime | kInConnection, kConnection, kNoKeys, "7.2.0",
     "Keep commands of the connection from refreshing keys", "ON|OFF", ClientNoTouch},
    {"client|reply", 3, kNoScript | kAnytime | kInConnection, kConnection, kNoKeys, "3.2.0",
     "Choose whether commands are answered", "ON|OFF|SKIP", ClientReply},
    {"client|setinfo", 4, kNoScript | kAnytime | kInConnection, kConnection, kNoKeys, "7.2.0",
     "Tell which client library this is", "LIB-NAME libname|LIB-VER libver", ClientSetInfo},
    {"client|setname", 3, kNoScript | kAnytime | kInConnection, kConnection, kNoKeys, "2.6.9",
     "Give the connection a name", "connection-name", ClientSetName},
};

constexpr CommandInfo kCommand[] = {
    {"command|count", 2, kAnytime | kInConnection, kServer, kNoKeys, "2.8.13", "Count the commands",
     "", CommandCount},
    {"command|docs", -2, kAnytime | kInConnection, kServer, kNoKeys, "7.0.0",
     "Get the commands' documentation", "[command-name]...", CommandDocs, "",
     "nondeterministic_output_order"},
    {"command|getkeys", -4, kAnytime | kInConnection, kServer, kNoKeys, "2.8.13",
     "Extract the keys of a command", "command [arg]...", CommandGetKeys},
    {"command|getkeysandflags", -4, kAnytime | kInConnection, kServer, kNoKeys, "7.0.0",
     "Extract the keys of a command and how it uses them", "command [arg]...",
     CommandGetKeysAndFlags},
    {"command|help", 2, kAnytime | kInConnection, kServer, kNoKeys, "5.0.0", "Show the subcommands",
     "", Help},
    {"command|info", -2, kAnytime | kInConnection, kServer, kNoKeys, "2.8.13", "Describe commands",
     "[command-name]...", CommandInfoOf, "", "nondeterministic_output_order"},
    {"command|list", -2, kAnytime | kInConnection, kServer, kNoKeys, "7.0.0",
     "List the commands' names", "[FILTERBY MODULE module-name|ACLCAT category|PATTERN pattern]",
     CommandList, "", "nondeterministic_output_order"},
};

constexpr CommandInfo kConfig[] = {
    {"config|get", -3, kOperator, kServer, kNoKeys, "2.0.0", "Get configuration parameters",
     "parameter...", ConfigGet},
    {"config|help", 2, kAnytime, kServer, kNoKeys, "5.0.0", "Show the subcommands", "", Help},
    {"config|resetstat", 2, kOperator, kServer, kNoKeys, "2.0.0",
     "Reset the statistics that INFO reports", "", ConfigResetStat},
    {"config|set", -4, kOperator, kServer, kNoKeys, "2.0.0", "Set configuration parameters",
     "parameter value [parameter value]...", ConfigSet, "",
     "request_policy:all_nodes response_policy:all_succeeded"},
};

constexpr CommandInfo kTable[] = {
    // Connection and server.
    {"auth", -2, kHandshake, kConnection, kNoKeys, "1.0.0", "Authenticate the connection",
     "[username] password", Auth},
    {"client", -2, 0, kConnection, kNoKeys, "2.4.0", "Commands about connections", "", nullptr, "",
     "", kClient},
    {"command", -1, kAnytime | kInConnection, kServer, kNoKeys, "2.8.13", "Describe every command",
     "", Command, "", "nondeterministic_output_order", kCommand},
    {"config", -2, 0, kServer, kNoKeys, "2.0.0", "Commands about the configuration", "", nullptr,
     "", "", kConfig},
    {"echo", 2, kAnytime | kFast, kConnection, kNoKeys, "1.0.0", "Answer with the argument",
     "message", Echo},
    {"hello", -1, kHandshake, kConnection, kNoKeys, "6.0.0", "Choose the protocol version",
     "[protover [AUTH username password] [SETNAME clientname]]", Hello},
    {"info", -1, kAnytime | kInDangerous, kServer, kNoKeys, "1.0.0",
     "Describe the node and its statistics", "[section]...", Info, "",
     "nondeterministic_output request_policy:all_shards response_policy:special"},
    {"ping", -1, kFast, kConnection, kNoKeys, "1.0.0", "Answer PONG or the argument", "[message]",
     Ping, "", "request_policy:all_shards response_policy:all_succeeded"},
    {"quit", -1, kHandshake, kConnection, kNoKeys, "1.0.0", "Close the connection", "", Quit},
    {"reset", 1, kHandshake, kConnection, kNoKeys, "6.2.0", "Make the connection as good as new",
     "", Reset},
    {"select", 2, kAnytime | kFast, kConnection, kNoKeys, "1.0.0",
     "Choose the database; 0 is the only one", "index", Select},
    {"time", 1, kAnytime | kFast, kServer, kNoKeys, "2.6.0", "Get the node's wall clock", "", Time,
     "", "nondeterministic_output"},

    // Strings.
    {"append", 3, kWrite | kDenyOom | kFast, kString, kOneKey, "2.0.0", "Append to a value",
     "key value", Append, "RW insert"},
    {"decr", 2, kWrite | kDenyOom | kFast, kString, kOneKey, "1.0.0", "Subtract one", "key", Decr,
     "RW access update"},
    {"decrby", 3, kWrite | kDenyOom | kFast, kString, kOneKey, "1.0.0", "Subtract a number",
     "key decrement", DecrBy, "RW access update"},
    {"get", 2, kReadOnly | kFast, kString, kOneKey, "1.0.0", "Get the value of a key", "key", Get,
     "RO access"},
    {"getdel", 2, kWrite | kFast, kString, kOneKey, "6.2.0", "Get a value and delete its key",
     "key", GetDel, "RW access delete"},
    {"getex", -2, kWrite | kFast, kString, kOneKey, "6.2.0", "Get a value and set its expiry",
     "key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]",
     GetEx, "RW access update"},
    {"getrange", 4, kReadOnly, kString, kOneKey, "2.4.0", "Get a part of a value", "key start end",
     GetRange, "RO access"},
    {"getset", 3, kWrite | kDenyOom | kFast, kString, kOneKey, "1.0.0",
     "Set a value and get the previous one", "key value", GetSet, "RW access update"},
    {"incr", 2, kWrite | kDenyOom | kFast, kString, kOneKey, "1.0.0", "Add one", "key", Incr,
     "RW access update"},
    {"incrby", 3, kWrite | kDenyOom | kFast, kString, kOneKey, "1.0.0", "Add a number",
     "key increment", IncrBy, "RW access update"},
    {"incrbyfloat", 3, kWrite | kDenyOom | kFast, kString, kOneKey, "2.6.0",
     "Add a floating point number", "key increment", IncrByFloat, "RW access update"},
    {"mget", -2, kReadOnly | kFast, kString, kAllKeys, "1.0.0", "Get several values", "key...",
     MGet, "RO access", kPerShard},
    {"mset", -3, kWrite | kDenyOom, kString, kPairs, "1.0.1", "Set several keys",
     "key value [key value]...", MSet, "OW update",
     "request_policy:multi_shard response_policy:all_succeeded"},
    {"msetnx", -3, kWrite | kDenyOom, kString, kPairs, "1.0.1",
     "Set several keys of one shard if none of them exists", "key value [key value]...", MSetNx,
     "OW insert", "request_policy:multi_shard response_policy:agg_min"},
    {"psetex", 4, kWrite | kDenyOom, kString, kOneKey, "2.6.0",
     "Set a value and its lifetime in milliseconds", "key milliseconds value", PSetEx, "OW update"},
    {"set", -3, kWrite | kDenyOom, kString, kOneKey, "1.0.0", "Set the value of a key",
     "key value [NX|XX|IFEQ comparison-value] [GET] [EX seconds|PX milliseconds|"
     "EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
     Set, "RW access update variable_flags"},
    {"setex", 4, kWrite | kDenyOom, kString, kOneKey, "2.0.0",
     "Set a value and its lifetime in seconds", "key seconds value", SetEx, "OW update"},
    {"setnx", 3, kWrite | kDenyOom | kFast, kString, kOneKey, "1.0.0",
     "Set a value if the key does not exist", "key value", SetNx, "OW insert"},
    {"setrange", 4, kWrite | kDenyOom, kString, kOneKey, "2.2.0", "Overwrite a part of a value",
     "key offset value", SetRange, "RW update"},
    {"strlen", 2, kReadOnly | kFast, kString, kOneKey, "2.2.0", "Get the length of a value", "key",
     StrLen, "RO"},

    // Keys.
    {"copy", -3, kWrite | kDenyOom, kGeneric, kTwoKeys, "6.2.0", "Copy a key within its shard",
     "source destination [DB destination-db] [REPLACE]", Copy, "RO access|OW update"},
    {"del", -2, kWrite, kGeneric, kAllKeys, "1.0.0", "Delete keys", "key...", Del, "RM delete",
     kSummed},
    {"delifeq", 3, kWrite | kFast, kGeneric, kOneKey, "7.0.15", "Delete a key if it has this value",
     "key value", DelIfEq, "RM delete"},
    {"exists", -2, kReadOnly | kFast, kGeneric, kAllKeys, "1.0.0", "Count the keys that exist",
     "key...", Exists, "RO", kSummed},
    {"expire", -3, kWrite | kFast, kGeneric, kOneKey, "1.0.0", "Set a lifetime in seconds",
     "key seconds [NX|XX|GT|LT]", Expire, "RW update"},
    {"expireat", -3, kWrite | kFast, kGeneric, kOneKey, "1.2.0",
     "Set an expiry as a Unix time in seconds", "key unix-time-seconds [NX|XX|GT|LT]", ExpireAt,
     "RW update"},
    {"expiretime", 2, kReadOnly | kFast, kGeneric, kOneKey, "7.0.0",
     "Get the expiry as a Unix time in seconds", "key", ExpireTime, "RO access"},
    {"persist", 2, kWrite | kFast, kGeneric, kOneKey, "2.2.0", "Take a key's expiry away", "key",
     Persist, "RW update"},
    {"pexpire", -3, kWrite | kFast, kGeneric, kOneKey, "2.6.0", "Set a lifetime in milliseconds",
     "key milliseconds [NX|XX|GT|LT]", PExpire, "RW update"},
    {"pexpireat", -3, kWrite | kFast, kGeneric, kOneKey, "2.6.0",
     "Set an expiry as a Unix time in milliseconds", "key unix-time-milliseconds [NX|XX|GT|LT]",
     PExpireAt, "RW update"},
    {"pexpiretime", 2, kReadOnly | kFast, kGeneric, kOneKey, "7.0.0",
     "Get the expiry as a Unix time in milliseconds", "key", PExpireTime, "RO access"},
    {"pttl", 2, kReadOnly | kFast, kGeneric, kOneKey, "2.6.0",
     "Get the remaining lifetime in milliseconds", "key", PTtl, "RO access",
     "nondeterministic_output"},
    {"rename", 3, kWrite, kGeneric, kTwoKeys, "1.0.0", "Rename a key within its shard",
     "key newkey", Rename, "RW access delete|OW update"},
    {"renamenx", 3, kWrite | kFast, kGeneric, kTwoKeys, "1.0.0",
     "Rename a key within its shard if the new name is free", "key newkey", RenameNx,
     "RW access delete|OW insert"},
    {"touch", -2, kReadOnly | kFast, kGeneric, kAllKeys, "3.2.1",
     "Mark keys as used and count those that exist", "key...", Exists, "RO", kSummed},
    {"ttl", 2, kReadOnly | kFast, kGeneric, kOneKey, "1.0.0",
     "Get the remaining lifetime in seconds", "key", Ttl, "RO access", "nondeterministic_output"},
    {"type", 2, kReadOnly | kFast, kGeneric, kOneKey, "1.0.0", "Get the type of a value", "key",
     Type, "RO"},
    {"unlink", -2, kWrite | kFast, kGeneric, kAllKeys, "4.0.0", "Delete keys", "key...", Del,
     "RM delete", kSummed},
    {"wait", 3, kNoScript, kGeneric, kNoKeys, "3.0.0",
     "Wait until followers hold what the connection wrote", "numreplicas timeout", Wait, "",
     "request_policy:all_shards response_policy:agg_min"},
};

// Open addressing over the names' hashes: the lookup of every command's first argument.
class NameIndex {
 public:
  NameIndex() {
    for (const CommandInfo& command : kTable) {
      std::size_t at = Hash(command.name);
      while (buckets_[at % kBuckets] != nullptr) ++at;
      buckets_[at % kBuckets] = &command;
    }
  }

  const CommandInfo* Find(ByteView name) const {
    for (std::size_t at = Hash(name);; ++at) {
      const CommandInfo* const command = buckets_[at % kBuckets];
      if (command == nullptr || EqualsIgnoringCase(command->name, name)) return command;
    }
  }

 private:
  static constexpr std::size_t kBuckets = 256;
  static_assert(std::size(kTable) < kBuckets / 2, "the search ends at an empty bucket");

  // FNV-1a over the lower-case name.
  static std::size_t Hash(ByteView name) {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(ToLower(c))) * 16777619U;
    return hash;
  }

  std::array<const CommandInfo*, kBuckets> buckets_{};
};

}  // namespace

std::span<const CommandInfo> AllCommands() { return kTable; }

const CommandInfo* FindCommand(ByteView name) {
  static const NameIndex index;
  constexpr std::size_t kNameSizeMax = 32;  // A garbage name of megabytes is not hashed.
  return name.size() > kNameSizeMax ? nullptr : index.Find(name);
}

const CommandInfo* FindSubcommand(const CommandInfo& container, ByteView name) {
  for (const CommandInfo& subcommand : container.subcommands) {
    if (EqualsIgnoringCase(subcommand.name.substr(container.name.size() + 1), name)) {
      return &subcommand;
    }
  }
  return nullptr;
}

const CommandInfo* FindByFullName(ByteView name) {
  const std::size_t bar = name.find('|');
  const CommandInfo* const command = FindCommand(name.substr(0, bar));
  if (command == nullptr || bar == ByteView::npos) return command;
  return FindSubcommand(*command, name.substr(bar + 1));
}

}  // namespace aegis::node::resp

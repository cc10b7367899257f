// CommandInfo: a row of the command table; what COMMAND tells about a command, and who runs it.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "node/core/resp_call.h"

namespace aegis::node::resp {

// Bits of CommandInfo::flags. The first eleven go by these names in COMMAND INFO.
enum CommandFlag : std::uint32_t {
  kWrite = 1U << 0U,
  kReadOnly = 1U << 1U,
  kDenyOom = 1U << 2U,
  kAdmin = 1U << 3U,
  kNoScript = 1U << 4U,
  kLoading = 1U << 5U,
  kStale = 1U << 6U,
  kFast = 1U << 7U,
  kNoAuth = 1U << 8U,
  kAllowBusy = 1U << 9U,
  // Access categories that do not follow from the rest of the row.
  kInConnection = 1U << 16U,
  kInDangerous = 1U << 17U,
  kInKeyspace = 1U << 18U,
  // Not between MULTI and EXEC: it is about all shards or the connection or the node, and would
  // take effect though nothing else does, or it ends in the middle.
  kNotQueued = 1U << 19U,
  kInAdmin = 1U << 20U,
  // These two go by such names in COMMAND INFO.
  kNoMulti = 1U << 21U,
  kSkipSlowLog = 1U << 22U,
};

enum class CommandGroup : std::uint8_t {
  kConnection,
  kServer,
  kString,
  kGeneric,
  kTransactions,
  kCluster
};

// Which arguments are keys, as COMMAND counts them: 0 is the name, -1 the last argument.
struct KeyRange {
  int first = 0;  // 0: no keys.
  int last = 0;
  int step = 0;
};

// Commands and subcommands together; the table is checked when it is first used.
inline constexpr std::size_t kCommandNumbers = 192;

struct CommandInfo {
  using Handler = Translation (*)(RespCall& call);

  ByteView name;  // Lower case; "client|list" for a subcommand.
  int arity;      // Name included; negative: at least so many.
  std::uint32_t flags;
  CommandGroup group;
  KeyRange keys;
  ByteView since;  // The Redis version that brought it.
  ByteView summary;
  ByteView syntax;  // The arguments as people write them; COMMAND DOCS derives its tree.
  Handler handler;  // Null: a container, nothing by itself.
  ByteView key_access =
      {};              // How keys are used, in COMMAND's words; "first|others" where it differs.
  ByteView tips = {};  // For clients that spread commands; separated by blanks.
  std::span<const CommandInfo> subcommands = {};
  std::uint16_t number = 0;  // Unlike any other's, below kCommandNumbers; the table gives it.

  bool Takes(std::size_t arguments) const {
    const auto count = static_cast<int>(arguments);
    return arity >= 0 ? count == arity : count >= -arity;
  }
  // How many of so many arguments are keys.
  std::size_t KeysAmong(std::size_t arguments) const {
    const int last = keys.last < 0 ? static_cast<int>(arguments) + keys.last : keys.last;
    if (keys.first == 0 || last < keys.first) return 0;
    return static_cast<std::size_t>((last - keys.first) / keys.step + 1);
  }
};

}  // namespace aegis::node::resp

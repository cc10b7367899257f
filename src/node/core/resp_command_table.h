// The command table: every command that this node knows over RESP.

#pragma once

#include <span>

#include "base/bytes.h"
#include "node/core/resp_command_info.h"

namespace aegis::node::resp {

// As they are written down, without numbers; for AllCommands() alone.
std::span<const CommandInfo> CommandRows();

std::span<const CommandInfo> AllCommands();

// By name in any case; null if there is none. Subcommands: "get" in the container "config".
const CommandInfo* FindCommand(ByteView name);
const CommandInfo* FindSubcommand(const CommandInfo& container, ByteView name);

// As COMMAND INFO and DOCS name them: "get", "config|get".
const CommandInfo* FindByFullName(ByteView name);

}  // namespace aegis::node::resp

// CLIENT HELP, COMMAND HELP, CONFIG HELP and the like, from the command table.

#include <fmt/format.h>

#include "node/core/resp_call.h"
#include "node/core/resp_command_table.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {

Translation Help(RespCall& call) {
  const CommandInfo& container = *FindCommand(call.argv[0]);
  wire::RespWriter reply = call.Reply();
  reply.Array(1 + 2 * container.subcommands.size());
  reply.SimpleString(fmt::format("{} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                                 ToUpper(container.name)));
  for (const CommandInfo& subcommand : container.subcommands) {
    const ByteView name = subcommand.name.substr(container.name.size() + 1);
    const ByteView gap = subcommand.syntax.empty() ? "" : " ";
    reply.SimpleString(fmt::format("{}{}{}", ToUpper(name), gap, subcommand.syntax));
    reply.SimpleString(fmt::format("    {}.", subcommand.summary));
  }
  return Translation::kReplied;
}

}  // namespace aegis::node::resp

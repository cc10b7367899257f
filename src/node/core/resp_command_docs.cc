// COMMAND DOCS: summaries and argument trees, from which redis-cli makes its hints.

#include <vector>

#include "node/core/resp_call.h"
#include "node/core/resp_command_table.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_syntax.h"

namespace aegis::node::resp {
namespace {

using wire::RespWriter;

ByteView GroupName(CommandGroup group) {
  switch (group) {
    case CommandGroup::kConnection:
      return "connection";
    case CommandGroup::kServer:
      return "server";
    case CommandGroup::kString:
      return "string";
    case CommandGroup::kGeneric:
      return "generic";
    case CommandGroup::kTransactions:
      return "transactions";
    case CommandGroup::kCluster:
      return "cluster";
  }
  return "generic";
}

void WriteField(ByteView name, ByteView value, RespWriter& reply) {
  reply.Bulk(name);
  reply.Bulk(value);
}

void WriteArguments(const std::vector<Argument>& arguments, RespWriter& reply);

void WriteArgument(const Argument& argument, RespWriter& reply) {
  const bool flagged = argument.optional || argument.multiple;
  const std::size_t fields = 2 + (argument.token.empty() ? 0U : 1U) + (flagged ? 1U : 0U) +
                             (argument.arguments.empty() ? 0U : 1U);
  reply.Map(fields);
  WriteField("name", argument.name, reply);
  WriteField("type", argument.type, reply);
  if (!argument.token.empty()) WriteField("token", argument.token, reply);
  if (flagged) {
    reply.Bulk("flags");
    reply.Set((argument.optional ? 1U : 0U) + (argument.multiple ? 1U : 0U));
    if (argument.optional) reply.SimpleString("optional");
    if (argument.multiple) reply.SimpleString("multiple");
  }
  if (!argument.arguments.empty()) WriteArguments(argument.arguments, reply);
}

void WriteArguments(const std::vector<Argument>& arguments, RespWriter& reply) {
  reply.Bulk("arguments");
  reply.Array(arguments.size());
  for (const Argument& argument : arguments) WriteArgument(argument, reply);
}

void WriteDocs(const CommandInfo& command, RespWriter& reply) {
  const auto arguments = ParseSyntax(command.syntax);
  reply.Bulk(command.name);
  reply.Map(3 + (arguments.empty() ? 0U : 1U) + (command.subcommands.empty() ? 0U : 1U));
  WriteField("summary", command.summary, reply);
  WriteField("since", command.since, reply);
  WriteField("group", GroupName(command.group), reply);
  if (!arguments.empty()) WriteArguments(arguments, reply);
  if (command.subcommands.empty()) return;
  reply.Bulk("subcommands");
  reply.Map(command.subcommands.size());
  for (const CommandInfo& subcommand : command.subcommands) WriteDocs(subcommand, reply);
}

}  // namespace

Translation CommandDocs(RespCall& call) {
  std::vector<const CommandInfo*> commands;
  if (call.argv.size() == 2) {
    for (const CommandInfo& command : AllCommands()) commands.push_back(&command);
  }
  for (const ByteView name : call.argv.subspan(2)) {
    if (const CommandInfo* const command = FindByFullName(name)) commands.push_back(command);
  }
  RespWriter reply = call.Reply();
  reply.Map(commands.size());
  for (const CommandInfo* const command : commands) WriteDocs(*command, reply);
  return Translation::kReplied;
}

}  // namespace aegis::node::resp

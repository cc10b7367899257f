// COMMAND and its subcommands, from the command table. COMMAND DOCS is in resp_command_docs.cc.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "node/core/resp_call.h"
#include "node/core/resp_command_table.h"
#include "node/core/resp_handlers.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

using wire::RespWriter;
using Words = std::vector<ByteView>;

struct FlagName {
  std::uint32_t flag;
  ByteView name;
};
// In Redis' order.
constexpr FlagName kFlagNames[] = {
    {kWrite, "write"}, {kReadOnly, "readonly"},        {kDenyOom, "denyoom"},
    {kAdmin, "admin"}, {kNoScript, "noscript"},        {kLoading, "loading"},
    {kStale, "stale"}, {kSkipSlowLog, "skip_slowlog"}, {kNoMulti, "no_multi"},
    {kFast, "fast"},   {kNoAuth, "no_auth"},           {kAllowBusy, "allow_busy"},
};

Words Flags(const CommandInfo& command) {
  Words words;
  for (const FlagName& flag : kFlagNames) {
    if ((command.flags & flag.flag) != 0) words.push_back(flag.name);
  }
  return words;
}

// The access categories: most follow from the group and the flags. A container is only @slow.
Words Categories(const CommandInfo& command) {
  const bool container = command.handler == nullptr;
  const bool admin = (command.flags & (kAdmin | kInAdmin)) != 0;
  const bool connection = (command.flags & kInConnection) != 0 ||
                          (command.group == CommandGroup::kConnection && !container);
  Words words;
  const bool container_of_keys = container && command.group == CommandGroup::kGeneric;
  if ((command.group == CommandGroup::kGeneric && !container_of_keys) ||
      (command.flags & kInKeyspace) != 0) {
    words.push_back("@keyspace");
  }
  if ((command.flags & kReadOnly) != 0) words.push_back("@read");
  if ((command.flags & kWrite) != 0) words.push_back("@write");
  if (command.group == CommandGroup::kString) words.push_back("@string");
  if (admin) words.push_back("@admin");
  words.push_back((command.flags & kFast) != 0 ? "@fast" : "@slow");
  if (admin || (command.flags & kInDangerous) != 0) words.push_back("@dangerous");
  if (connection) words.push_back("@connection");
  if (command.group == CommandGroup::kTransactions) words.push_back("@transaction");
  return words;
}

Words Split(ByteView text, char separator) {
  Words words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

void WriteStatusSet(const Words& words, RespWriter& reply) {
  reply.Set(words.size());
  for (const ByteView word : words) reply.SimpleString(word);
}

void WriteBulkSet(const Words& words, RespWriter& reply) {
  reply.Set(words.size());
  for (const ByteView word : words) reply.Bulk(word);
}

// One key specification: how `access` uses the keys from argument `first` on.
void WriteKeySpec(ByteView access, int first, int last_offset, int step, RespWriter& reply) {
  reply.Map(3);
  reply.Bulk("flags");
  WriteStatusSet(Split(access, ' '), reply);
  reply.Bulk("begin_search");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk("index");
  reply.Bulk("spec");
  reply.Map(1);
  reply.Bulk("index");
  reply.Integer(first);
  reply.Bulk("find_keys");
  reply.Map(2);
  reply.Bulk("type");
  reply.Bulk("range");
  reply.Bulk("spec");
  reply.Map(3);
  reply.Bulk("lastkey");
  reply.Integer(last_offset);
  reply.Bulk("keystep");
  reply.Integer(step);
  reply.Bulk("limit");
  reply.Integer(0);
}

void WriteKeySpecs(const CommandInfo& command, RespWriter& reply) {
  const Words accesses = Split(command.key_access, '|');
  reply.Set(accesses.size());
  const int last_offset = command.keys.last < 0 ? command.keys.last : 0;
  for (std::size_t i = 0; i < accesses.size(); ++i) {
    WriteKeySpec(accesses[i], command.keys.first + static_cast<int>(i), last_offset,
                 command.keys.step, reply);
  }
}

void WriteInfo(const CommandInfo& command, RespWriter& reply) {
  reply.Array(10);
  reply.Bulk(command.name);
  reply.Integer(command.arity);
  WriteStatusSet(Flags(command), reply);
  reply.Integer(command.keys.first);
  reply.Integer(command.keys.last);
  reply.Integer(command.keys.step);
  WriteStatusSet(Categories(command), reply);
  WriteBulkSet(Split(command.tips, ' '), reply);
  WriteKeySpecs(command, reply);
  if (command.subcommands.empty()) return reply.Set(0);  // In Redis, none are a set, some an array.
  reply.Array(command.subcommands.size());
  for (const CommandInfo& subcommand : command.subcommands) WriteInfo(subcommand, reply);
}

struct KeyUse {
  ByteView key;
  ByteView access;
};

// The keys of the command that begins at argv[2]. Nothing: the error is written.
std::optional<std::vector<KeyUse>> FindKeys(const RespCall& call) {
  const auto asked = call.argv.subspan(2);
  const CommandInfo* command = FindCommand(asked[0]);
  if (command != nullptr && !command->subcommands.empty()) {
    command = FindSubcommand(*command, asked[1]);
  }
  if (command == nullptr) {
    call.Fail("ERR Invalid command specified");
    return std::nullopt;
  }
  if (command->keys.first == 0) {
    call.Fail("ERR The command has no key arguments");
    return std::nullopt;
  }
  if (!command->Takes(asked.size())) {
    call.Fail("ERR Invalid number of arguments specified for command");
    return std::nullopt;
  }
  const Words accesses = Split(command->key_access, '|');
  const int count = static_cast<int>(asked.size());
  const int last = command->keys.last < 0 ? count + command->keys.last : command->keys.last;
  std::vector<KeyUse> uses;
  for (int at = command->keys.first; at <= last; at += command->keys.step) {
    const ByteView access = accesses[std::min(uses.size(), accesses.size() - 1)];
    uses.push_back({asked[static_cast<std::size_t>(at)], access});
  }
  return uses;
}

Translation WriteAll(const RespCall& call) {
  wire::RespWriter reply = call.Reply();
  reply.Array(AllCommands().size());
  for (const CommandInfo& command : AllCommands()) WriteInfo(command, reply);
  return Translation::kReplied;
}

// What COMMAND LIST FILTERBY keeps.
struct ListFilter {
  enum class By : std::uint8_t { kNothing, kModule, kCategory, kPattern };
  By by = By::kNothing;
  ByteView value;

  bool Keeps(const CommandInfo& command) const {
    switch (by) {
      case By::kNothing:
        return true;
      case By::kModule:
        return false;  // There are no modules.
      case By::kCategory:
        return HasCategory(command);
      case By::kPattern:
        return GlobMatch(value, command.name, /*ignore_case=*/true);
    }
    return false;
  }

 private:
  bool HasCategory(const CommandInfo& command) const {
    const Words categories = Categories(command);
    return std::any_of(categories.begin(), categories.end(), [&](ByteView category) {
      return EqualsIgnoringCase(category.substr(1), value);
    });
  }
};

void ListNames(std::span<const CommandInfo> commands, const ListFilter& filter, Words& names) {
  for (const CommandInfo& command : commands) {
    if (filter.Keeps(command)) names.push_back(command.name);
    ListNames(command.subcommands, filter, names);
  }
}

}  // namespace

Translation Command(RespCall& call) { return WriteAll(call); }

Translation CommandCount(RespCall& call) {
  call.Reply().Integer(static_cast<std::int64_t>(AllCommands().size()));
  return Translation::kReplied;
}

Translation CommandInfoOf(RespCall& call) {
  if (call.argv.size() == 2) return WriteAll(call);
  wire::RespWriter reply = call.Reply();
  reply.Array(call.argv.size() - 2);
  for (const ByteView name : call.argv.subspan(2)) {
    if (const CommandInfo* const command = FindByFullName(name)) {
      WriteInfo(*command, reply);
    } else {
      reply.Null();
    }
  }
  return Translation::kReplied;
}

Translation CommandGetKeys(RespCall& call) {
  const auto uses = FindKeys(call);
  if (!uses) return Translation::kReplied;
  wire::RespWriter reply = call.Reply();
  reply.Array(uses->size());
  for (const KeyUse& use : *uses) reply.Bulk(use.key);
  return Translation::kReplied;
}

Translation CommandGetKeysAndFlags(RespCall& call) {
  const auto uses = FindKeys(call);
  if (!uses) return Translation::kReplied;
  wire::RespWriter reply = call.Reply();
  reply.Array(uses->size());
  for (const KeyUse& use : *uses) {
    reply.Array(2);
    reply.Bulk(use.key);
    WriteStatusSet(Split(use.access, ' '), reply);
  }
  return Translation::kReplied;
}

Translation CommandList(RespCall& call) {
  using By = ListFilter::By;
  const auto& argv = call.argv;
  ListFilter filter;
  if (argv.size() == 5 && EqualsIgnoringCase(argv[2], "filterby")) {
    filter.value = argv[4];
    if (EqualsIgnoringCase(argv[3], "module")) filter.by = By::kModule;
    if (EqualsIgnoringCase(argv[3], "aclcat")) filter.by = By::kCategory;
    if (EqualsIgnoringCase(argv[3], "pattern")) filter.by = By::kPattern;
    if (!call.PatternFits(filter.value.size())) return Translation::kReplied;
  }
  if (argv.size() != 2 && filter.by == By::kNothing) return call.FailSyntax();
  Words names;
  ListNames(AllCommands(), filter, names);
  wire::RespWriter reply = call.Reply();
  reply.Array(names.size());
  for (const ByteView name : names) reply.Bulk(name);
  return Translation::kReplied;
}

}  // namespace aegis::node::resp

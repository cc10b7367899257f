// The command table's rows, numbered, and how they are found.

#include <array>
#include <cstddef>
#include <vector>

#include "base/check.h"
#include "node/core/resp_command_table.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

class Table {
 public:
  Table() : commands_(CommandRows().begin(), CommandRows().end()) {
    AEGIS_CHECK(commands_.size() < kBuckets / 2, "the search ends at an empty bucket");
    subcommands_.reserve(kCommandNumbers);  // So they stay where they are.
    std::uint16_t number = 0;
    for (CommandInfo& command : commands_) {
      command.number = number++;
      const std::size_t first = subcommands_.size();
      for (const CommandInfo& subcommand : command.subcommands) {
        AEGIS_CHECK(number < kCommandNumbers, "every command has its number");
        subcommands_.push_back(subcommand);
        subcommands_.back().number = number++;
      }
      command.subcommands = std::span(subcommands_).subspan(first);
      std::size_t at = Hash(command.name);
      while (buckets_[at % kBuckets] != nullptr) ++at;
      buckets_[at % kBuckets] = &command;
    }
    AEGIS_CHECK(number <= kCommandNumbers, "every command has its number");
  }

  std::span<const CommandInfo> commands() const { return commands_; }

  const CommandInfo* Find(ByteView name) const {
    for (std::size_t at = Hash(name);; ++at) {
      const CommandInfo* const command = buckets_[at % kBuckets];
      if (command == nullptr || EqualsIgnoringCase(command->name, name)) return command;
    }
  }

 private:
  // Open addressing over the names' hashes: the lookup of every command's first argument.
  static constexpr std::size_t kBuckets = 256;

  // FNV-1a over the lower-case name.
  static std::size_t Hash(ByteView name) {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(ToLower(c))) * 16777619U;
    return hash;
  }

  std::vector<CommandInfo> commands_;
  std::vector<CommandInfo> subcommands_;
  std::array<const CommandInfo*, kBuckets> buckets_{};
};

const Table& TheTable() {
  static const Table table;
  return table;
}

}  // namespace

std::span<const CommandInfo> AllCommands() { return TheTable().commands(); }

const CommandInfo* FindCommand(ByteView name) {
  constexpr std::size_t kNameSizeMax = 32;  // A garbage name of megabytes is not hashed.
  return name.size() > kNameSizeMax ? nullptr : TheTable().Find(name);
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

// RespLookAhead: the commands behind the one being taken, parsed before their turn, so that what
// they need can be fetched from memory while others run.
//
// What it holds is views of the input of one turn of one connection: Clear() it when a turn begins.

#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "wire/resp.h"

namespace aegis::node {

class RespLookAhead {
 public:
  // Far enough for memory to answer, and near enough for it to be kept in the cache.
  static constexpr std::size_t kCommands = 16;

  void Clear() { next_ = count_ = 0; }

  // The command at the front of `input`, if it was parsed ahead: replaces `argv`, and returns its
  // size; 0: it was not.
  std::size_t Take(ByteView input, std::vector<ByteView>& argv) {
    if (next_ == count_ || input.data() != commands_[next_].bytes.data()) return 0;
    Command& command = commands_[next_++];
    argv.swap(command.argv);
    return command.bytes.size();
  }

  // Parses what whole commands `input` begins with. One that is inline, incomplete or wrong ends
  // that: its turn will tell.
  void Fill(ByteView input) {
    Clear();
    while (count_ < kCommands && !input.empty() && input.front() == '*') {
      Command& command = commands_[count_];
      const auto parsed = wire::ParseRespCommand(input, command.argv, scratch_);
      if (!parsed.ok() || parsed.value().consumed == 0) return;
      command.bytes = input.substr(0, parsed.value().consumed);
      input.remove_prefix(command.bytes.size());
      ++count_;
    }
  }

  // Visits the first argument of each, which mostly is a key.
  template <class Visit>
  void ForEachKey(const Visit& visit) const {
    for (std::size_t i = next_; i < count_; ++i) {
      if (commands_[i].argv.size() > 1) visit(commands_[i].argv[1]);
    }
  }

  // Gives back what extraordinary commands have made large.
  void Shrink(std::size_t arguments_max) {
    for (Command& command : commands_) {
      if (command.argv.capacity() > arguments_max) std::vector<ByteView>().swap(command.argv);
    }
  }

 private:
  struct Command {
    std::vector<ByteView> argv;
    ByteView bytes;
  };

  std::array<Command, kCommands> commands_;
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  Bytes scratch_;  // Of inline commands, which do not come here.
};

}  // namespace aegis::node

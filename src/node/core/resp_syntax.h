// The syntax of a command's arguments as people write it, read into the tree of COMMAND DOCS.
//
//     key value [NX|XX] [EX seconds|PX milliseconds] [key value]...
//
// A word in capitals is a token, written as it stands; a token with a word behind it belongs to
// that word. [a] may be missing, a|b is one of them, "..." is once or more.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace aegis::node::resp {

struct Argument {
  std::string name;
  ByteView type;     // As in COMMAND DOCS: "key", "string", "integer", "oneof", "block", ...
  ByteView token{};  // Empty: none.
  bool optional = false;
  bool multiple = false;
  std::vector<Argument> arguments{};  // Of a "oneof" or "block".
};

// REQUIRES: `syntax` is well formed; it is a literal of the command table.
std::vector<Argument> ParseSyntax(ByteView syntax);

}  // namespace aegis::node::resp

#include "node/core/resp_syntax.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "node/core/resp_text.h"

namespace aegis::node::resp {
namespace {

struct NamedType {
  ByteView name;
  ByteView type;
};
// Every name that is not a "string".
constexpr std::array kTypes = {
    NamedType{"key", "key"},
    NamedType{"newkey", "key"},
    NamedType{"source", "key"},
    NamedType{"destination", "key"},
    NamedType{"client-id", "integer"},
    NamedType{"decrement", "integer"},
    NamedType{"destination-db", "integer"},
    NamedType{"end", "integer"},
    NamedType{"index", "integer"},
    NamedType{"increment", "string"},  // INCRBY takes an integer, INCRBYFLOAT a double.
    NamedType{"milliseconds", "integer"},
    NamedType{"offset", "integer"},
    NamedType{"pattern", "pattern"},
    NamedType{"protover", "integer"},
    NamedType{"seconds", "integer"},
    NamedType{"start", "integer"},
    NamedType{"unix-time-milliseconds", "unix-time"},
    NamedType{"unix-time-seconds", "unix-time"},
};

ByteView TypeOf(ByteView name) {
  const auto* const found = std::find_if(kTypes.begin(), kTypes.end(),
                                         [&](const NamedType& type) { return type.name == name; });
  return found == kTypes.end() ? ByteView("string") : found->type;
}

// Recursive descent: alternatives := sequence { "|" sequence }; sequence := item { " " item };
// item := ( word | "[" alternatives "]" ) [ "..." ].
class SyntaxReader {
 public:
  explicit SyntaxReader(ByteView rest) : rest_(rest) {}

  std::vector<Argument> Alternatives() {
    std::vector<std::vector<Argument>> branches;
    branches.push_back(Sequence());
    while (Take("|")) branches.push_back(Sequence());
    if (branches.size() == 1) return std::move(branches.front());
    Argument choice{.name = "choice", .type = "oneof"};
    for (auto& branch : branches) choice.arguments.push_back(Grouped(std::move(branch)));
    choice.name = choice.arguments.front().name;
    return {std::move(choice)};
  }

  bool done() const { return rest_.empty(); }

 private:
  bool Take(ByteView text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  ByteView TakeWord() {
    std::size_t size = std::min(rest_.find_first_of(" |[]"), rest_.size());
    size = std::min(size, rest_.find("..."));
    const ByteView word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }

  static bool IsToken(ByteView word) { return ToUpper(word) == word; }

  // Several arguments as one; one as it is.
  static Argument Grouped(std::vector<Argument> arguments) {
    if (arguments.size() == 1) return std::move(arguments.front());
    Argument block{.name = arguments.front().name, .type = "block"};
    block.arguments = std::move(arguments);
    return block;
  }

  std::vector<Argument> Sequence() {
    std::vector<Argument> arguments;
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ']') {
      arguments.push_back(Item());
      Take(" ");
    }
    return arguments;
  }

  Argument Item() {
    Argument item;
    if (Take("[")) {
      item = Grouped(Alternatives());
      item.optional = true;
      AEGIS_CHECK(Take("]"), "a bracket of a command's syntax is closed");
    } else {
      item = Word();
    }
    item.multiple = Take("...");
    return item;
  }

  // A word, with the token before it; or a token alone, or one that begins a group of words.
  Argument Word() {
    const ByteView word = TakeWord();
    if (!IsToken(word)) return {.name = std::string(word), .type = TypeOf(word)};
    const ByteView before = rest_;
    if (Take(" ") && !rest_.starts_with('[')) {
      const ByteView next = TakeWord();
      if (!IsToken(next)) {
        return {.name = std::string(next), .type = TypeOf(next), .token = word};
      }
    }
    rest_ = before;
    std::string name(word);
    std::transform(name.begin(), name.end(), name.begin(), ToLower);
    return {.name = std::move(name), .type = "pure-token", .token = word};
  }

  ByteView rest_;
};

}  // namespace

std::vector<Argument> ParseSyntax(ByteView syntax) {
  SyntaxReader reader(syntax);
  std::vector<Argument> arguments = reader.Alternatives();
  AEGIS_CHECK(reader.done(), "a command's syntax is read to its end");
  return arguments;
}

}  // namespace aegis::node::resp

#include "cli/words.h"

#include <charconv>

namespace aegis::cli {
namespace {

// Takes one escape of a "..." word off the front of `rest`.
char TakeEscape(std::string_view& rest) {
  const char kind = rest.front();
  rest.remove_prefix(1);
  if (kind == 'n') return '\n';
  if (kind == 't') return '\t';
  if (kind == 'r') return '\r';
  unsigned byte = 0;
  if (kind == 'x' && rest.size() >= 2 &&
      std::from_chars(rest.data(), rest.data() + 2, byte, 16).ptr == rest.data() + 2) {
    rest.remove_prefix(2);
    return static_cast<char>(byte);
  }
  return kind;
}

}  // namespace

Result<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  while (!line.empty()) {
    const char c = line.front();
    line.remove_prefix(1);
    if (quote == 0 && (c == ' ' || c == '\t')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote == '"' && !line.empty()) {
      words.back() += TakeEscape(line);
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) {
    return Error{ErrorCode::kInvalid, std::string("a quote (") + quote + ") is not closed"};
  }
  return words;
}

}  // namespace aegis::cli

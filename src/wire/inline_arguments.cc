#include "wire/inline_arguments.h"

#include <algorithm>
#include <optional>

namespace aegis::wire {
namespace {

constexpr ByteView kBlanks = " \t\n\v\f\r";
constexpr ByteView kArgumentEnds = " \t\n\r";  // Redis lets \v and \f stand inside an argument.
constexpr ByteView kQuotes = "\"'";

bool IsBlank(char c) { return kBlanks.find(c) != ByteView::npos; }

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return std::nullopt;
}

char Unescape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'a':
      return '\a';
    default:
      return c;
  }
}

// Takes one escape off the front of `rest`, which begins with a backslash and has more behind it.
char TakeEscape(ByteView& rest) {
  if (rest.size() >= 4 && rest[1] == 'x') {
    const auto high = HexDigit(rest[2]);
    const auto low = HexDigit(rest[3]);
    if (high && low) {
      rest.remove_prefix(4);
      return static_cast<char>(*high << 4U | *low);
    }
  }
  const char c = Unescape(rest[1]);
  rest.remove_prefix(2);
  return c;
}

// Takes a quoted part, its quotes included, off the front of `rest` and appends what it means.
// False: it does not end, or something other than a blank follows it.
bool TakeQuoted(ByteView& rest, Bytes& out) {
  const char quote = rest.front();
  rest.remove_prefix(1);
  while (!rest.empty()) {
    if (rest.front() == quote) {
      rest.remove_prefix(1);
      return rest.empty() || IsBlank(rest.front());
    }
    const bool more = rest.size() > 1;
    if (quote == '"' && rest.front() == '\\' && more) {
      out.push_back(TakeEscape(rest));
    } else if (quote == '\'' && more && rest.starts_with("\\'")) {
      out.push_back('\'');
      rest.remove_prefix(2);
    } else {
      out.push_back(rest.front());
      rest.remove_prefix(1);
    }
  }
  return false;
}

// Takes an argument with quotes in it off the front of `rest`: a"b c" is one, [ab c].
bool TakeMixed(ByteView& rest, Bytes& out) {
  while (!rest.empty()) {
    const char c = rest.front();
    // What follows a closing quote is a blank, so a quoted part is always the last one.
    if (kQuotes.find(c) != ByteView::npos) return TakeQuoted(rest, out);
    if (kArgumentEnds.find(c) != ByteView::npos) return true;
    out.push_back(c);
    rest.remove_prefix(1);
  }
  return true;
}

}  // namespace

bool SplitInlineArguments(ByteView line, std::vector<ByteView>& argv, Bytes& scratch) {
  argv.clear();
  ByteView rest = line.substr(0, line.find('\0'));
  if (rest.find_first_of(kQuotes) != ByteView::npos) {
    scratch.clear();
    scratch.reserve(rest.size());  // Arguments only shrink: the views below stay valid.
  }
  for (;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
    if (rest.empty()) return true;
    const ByteView plain = rest.substr(0, rest.find_first_of(kArgumentEnds));
    if (plain.find_first_of(kQuotes) == ByteView::npos) {
      argv.push_back(plain);
      rest.remove_prefix(plain.size());
      continue;
    }
    const std::size_t start = scratch.size();
    if (!TakeMixed(rest, scratch)) return false;
    argv.push_back(ByteView(scratch).substr(start));
  }
}

}  // namespace aegis::wire

#include "bench/core/process_figures.h"

#include "bench/core/number_text.h"

namespace aegis::bench {
namespace {

std::string_view TakeWord(std::string_view& text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(" \t\n"));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

std::optional<std::uint64_t> StatusNumber(std::string_view status, std::string_view key) {
  while (!status.empty()) {
    const std::string_view line = status.substr(0, status.find('\n'));
    status.remove_prefix(line.size() < status.size() ? line.size() + 1 : line.size());
    if (!line.starts_with(key) || line.substr(key.size(), 1) != ":") continue;
    std::string_view rest = line.substr(key.size() + 1);
    return ReadNumber<std::uint64_t>(TakeWord(rest));
  }
  return std::nullopt;
}

std::optional<Ticks> TicksOf(std::string_view stat) {
  constexpr int kFieldsBeforeUtime = 11;  // State, behind the name, is field 3; utime is 14.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  for (int i = 0; i < kFieldsBeforeUtime; ++i) TakeWord(stat);
  const auto user = ReadNumber<std::uint64_t>(TakeWord(stat));
  const auto system = ReadNumber<std::uint64_t>(TakeWord(stat));
  if (!user || !system) return std::nullopt;
  return Ticks{*user, *system};
}

}  // namespace aegis::bench

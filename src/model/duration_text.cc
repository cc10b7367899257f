#include "model/duration_text.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace aegis {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  milliseconds size;
};

constexpr std::array<Unit, 5> kUnits = {{
    {"d", std::chrono::days(1)},
    {"h", std::chrono::hours(1)},
    {"m", std::chrono::minutes(1)},
    {"s", std::chrono::seconds(1)},
    {"ms", milliseconds(1)},
}};

constexpr std::string_view kDigits = "0123456789";

// Takes "<digits><letters>" off the front of `text`: so many milliseconds.
std::optional<milliseconds> TakePart(std::string_view& text, BareNumber bare) {
  milliseconds::rep count = 0;
  const std::size_t digits = std::min(text.find_first_not_of(kDigits), text.size());
  const auto [stop, error] = std::from_chars(text.data(), text.data() + digits, count);
  text.remove_prefix(digits);
  const std::size_t letters = std::min(text.find_first_of(kDigits), text.size());
  std::string_view name = text.substr(0, letters);
  text.remove_prefix(letters);
  if (name.empty() && bare == BareNumber::kSeconds) name = "s";
  const auto unit = std::ranges::find(kUnits, name, &Unit::name);
  if (digits == 0 || error != std::errc{} || unit == kUnits.end()) return std::nullopt;
  if (count > milliseconds::max() / unit->size) return std::nullopt;
  return count * unit->size;
}

}  // namespace

std::optional<milliseconds> ParseDuration(std::string_view text, BareNumber bare) {
  if (text == "0") return milliseconds::zero();
  if (text.find_first_not_of(kDigits) != std::string_view::npos) bare = BareNumber::kRefused;
  milliseconds total{};
  do {
    const auto part = TakePart(text, bare);
    if (!part || *part > milliseconds::max() - total) return std::nullopt;
    total += *part;
  } while (!text.empty());
  return total;
}

std::string DurationText(milliseconds duration) {
  std::string text;
  for (const Unit& unit : kUnits) {
    const auto count = duration / unit.size;
    if (count > 0) text.append(std::to_string(count)).append(unit.name);
    duration -= count * unit.size;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace aegis

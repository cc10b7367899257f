#include "bench/core/key_choice.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "bench/core/number_text.h"

namespace aegis::bench {
namespace {

constexpr double kThetaDefault = 0.99;
constexpr double kThetaMin = 0.01;
constexpr double kThetaMax = 5;
constexpr double kGoldenRatio = 0.6180339887498949;

// Multiples of a number close to the golden ratio of all keys spread over them evenly.
std::uint64_t StrideOf(std::uint64_t keys) {
  auto stride = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(static_cast<double>(keys) * kGoldenRatio));
  while (std::gcd(stride, keys) != 1) ++stride;
  return stride;
}

}  // namespace

KeyChoice::KeyChoice(std::uint64_t keys) : keys_(keys), stride_(StrideOf(keys)) {}

std::string KeyChoice::Allowed() {
  return "uniform, zipf[:THETA] with THETA from 0.01 to 5, sequential, or hotspot:KEYS%:CALLS%, "
         "like hotspot:10:90";
}

Result<KeyChoice> KeyChoice::Parse(std::string_view text, std::uint64_t keys) {
  const Error refused = {ErrorCode::kInvalid, "a distribution must be " + Allowed()};
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const bool bare = colon == std::string_view::npos;
  const std::string_view rest = bare ? std::string_view() : text.substr(colon + 1);
  KeyChoice choice(keys);
  if (text == "uniform") return choice;
  if (text == "sequential") {
    choice.kind_ = Kind::kSequential;
    return choice;
  }
  if (name == "zipf") {
    const auto theta = bare ? kThetaDefault : ReadNumber<double>(rest);
    if (!theta || !(*theta >= kThetaMin && *theta <= kThetaMax)) return refused;
    choice.kind_ = Kind::kZipf;
    choice.zipf_.emplace(keys, *theta);
    return choice;
  }
  const std::size_t second = rest.find(':');
  if (name != "hotspot" || second == std::string_view::npos) return refused;
  const auto hot_keys = ReadNumber<double>(rest.substr(0, second));
  const auto hot_calls = ReadNumber<double>(rest.substr(second + 1));
  const auto is_percent = [](const auto& value) { return value && *value > 0 && *value < 100; };
  if (!is_percent(hot_keys) || !is_percent(hot_calls)) return refused;
  choice.kind_ = Kind::kHotspot;
  choice.hot_keys_ = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(static_cast<double>(keys) * *hot_keys / 100));
  choice.hot_calls_ = *hot_calls / 100;
  return choice;
}

std::uint64_t KeyChoice::Scattered(std::uint64_t rank) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{rank} * stride_ % keys_);
}

std::uint64_t KeyChoice::Draw(Rng& rng) {
  switch (kind_) {
    case Kind::kUniform:
      return rng.Below(keys_);
    case Kind::kZipf:
      return Scattered(zipf_->Draw(rng));
    case Kind::kSequential: {
      const std::uint64_t drawn = next_;
      next_ = next_ + 1 == keys_ ? 0 : next_ + 1;
      return drawn;
    }
    case Kind::kHotspot:
      if (hot_keys_ == keys_ || rng.Chance(hot_calls_)) return Scattered(rng.Below(hot_keys_));
      return Scattered(hot_keys_ + rng.Below(keys_ - hot_keys_));
  }
  return 0;
}

}  // namespace aegis::bench

#include "bench/core/value_sizes.h"

#include <algorithm>
#include <optional>
#include <string>

#include "bench/core/number_text.h"
#include "model/limits.h"

namespace aegis::bench {
namespace {

constexpr std::uint64_t kWeightMax = 1'000'000;
constexpr std::size_t kPartsMax = 64;

struct Range {
  std::size_t least;
  std::size_t most;
};

std::optional<Range> ReadRange(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto least = ReadNumber<std::size_t>(text.substr(0, dash));
  const auto most =
      dash == std::string_view::npos ? least : ReadNumber<std::size_t>(text.substr(dash + 1));
  if (!least || !most || *least > *most || *most > limits::kValueSizeMax) return std::nullopt;
  return Range{*least, *most};
}

}  // namespace

std::string ValueSizes::Allowed() {
  return "bytes, a range or a list with weights, like 100, 50-200 or 64:9,1024:1, up to " +
         std::to_string(limits::kValueSizeMax) + " bytes";
}

Result<ValueSizes> ValueSizes::Parse(std::string_view text) {
  const Error refused = {ErrorCode::kInvalid, "value sizes must be " + Allowed()};
  ValueSizes sizes;
  std::uint64_t weights = 0;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const std::size_t colon = part.find(':');
    const auto range = ReadRange(part.substr(0, colon));
    const auto weight = colon == std::string_view::npos
                            ? std::uint64_t{1}
                            : ReadNumber<std::uint64_t>(part.substr(colon + 1));
    if (!range || !weight || *weight == 0 || *weight > kWeightMax) return refused;
    if (sizes.parts_.size() == kPartsMax) return refused;
    weights += *weight;
    sizes.least_ = sizes.parts_.empty() ? range->least : std::min(sizes.least_, range->least);
    sizes.most_ = std::max(sizes.most_, range->most);
    sizes.parts_.push_back({range->least, range->most, weights});
    if (comma == std::string_view::npos) return sizes;
    rest.remove_prefix(comma + 1);
  }
}

std::size_t ValueSizes::Draw(Rng& rng) const {
  const Part* part = &parts_.front();
  if (parts_.size() > 1) {
    const std::uint64_t drawn = rng.Below(parts_.back().weights);
    part = &*std::ranges::upper_bound(parts_, drawn, {}, &Part::weights);
  }
  if (part->least == part->most) return part->least;
  return part->least + rng.Below(part->most - part->least + 1);
}

bool ValueSizes::Contains(std::size_t size) const {
  return std::ranges::any_of(
      parts_, [size](const Part& part) { return part.least <= size && size <= part.most; });
}

double ValueSizes::Mean() const {
  double sum = 0;
  std::uint64_t before = 0;
  for (const Part& part : parts_) {
    sum += static_cast<double>(part.weights - before) * static_cast<double>(part.least + part.most);
    before = part.weights;
  }
  return sum / 2 / static_cast<double>(before);
}

}  // namespace aegis::bench

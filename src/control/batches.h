// Batches: a list of any length as commands of bounded length, so that no entry of the control log
// holds up those behind it.

#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "control/command.h"

namespace aegis::control {

inline constexpr std::size_t kItemsPerCommand = 512;

// Appends `items` to `commands` as Kinds, whose list is `list`; none if there are no items.
template <class Kind, class Item>
void AppendBatches(const std::vector<Item>& items, std::vector<Item> Kind::*list,
                   std::vector<Command>& commands) {
  auto rest = items.begin();
  while (rest != items.end()) {
    const auto left = static_cast<std::size_t>(items.end() - rest);
    const auto end = std::next(rest, static_cast<std::ptrdiff_t>(std::min(left, kItemsPerCommand)));
    Kind batch;
    (batch.*list).assign(rest, end);
    commands.emplace_back(std::move(batch));
    rest = end;
  }
}

}  // namespace aegis::control

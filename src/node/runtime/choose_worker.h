// ChooseWorker: which worker a new client connection goes to.

#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace aegis::node {

// `clients`: how many each worker has, not empty; `own`: which of them accepted the connection.
// That one keeps it, which costs nothing, unless another has notably fewer: the one with the
// fewest.
inline std::size_t ChooseWorker(std::span<const std::size_t> clients, std::size_t own) {
  const auto least = std::min_element(clients.begin(), clients.end());
  const std::size_t margin = clients[own] / 8;
  return *least + margin < clients[own] ? static_cast<std::size_t>(least - clients.begin()) : own;
}

}  // namespace aegis::node

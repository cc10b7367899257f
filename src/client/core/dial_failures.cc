#include "client/core/dial_failures.h"

#include <utility>

#include "client/core/options.h"

namespace aegis::client {

void DialFailures::Keep(const std::vector<std::string>& addresses) {
  std::map<std::string, std::string> kept;
  for (const std::string& address : addresses) {
    if (const auto found = reasons_.find(address); found != reasons_.end()) kept.insert(*found);
  }
  reasons_ = std::move(kept);
}

std::string DialFailures::Of(const std::vector<std::string>& addresses) const {
  std::string text;
  std::size_t count = 0;
  for (const std::string& address : addresses) {
    const auto found = reasons_.find(address);
    if (found == reasons_.end() || ++count > kFailuresShown) continue;
    text += (text.empty() ? " (" : "; ") + found->second;
  }
  if (count > kFailuresShown) text += "; " + std::to_string(count - kFailuresShown) + " more";
  return text.empty() ? text : text + ")";
}

}  // namespace aegis::client

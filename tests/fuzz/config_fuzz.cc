// Any bytes as a configuration file give settings or problems that name the file; a configuration
// that is accepted prints as one that means the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "invariant.h"
#include "node/runtime/config_loader.h"
#include "node/runtime/settings.h"

namespace aegis::node {
namespace {

LoadedConfig Load(std::string text) {
  return LoadConfig({{}, {}, "file", std::move(text)}, "host");
}

void FuzzConfig(std::string text) {
  const LoadedConfig loaded = Load(std::move(text));
  for (const std::string& problem : loaded.problems) {
    Require(problem.find("file:") != std::string::npos || problem.starts_with("--"));
  }
  if (!loaded.problems.empty()) return;
  const LoadedConfig again = Load(ConfigAsYaml(loaded));
  Require(again.problems.empty());
  for (const Setting& setting : Settings()) {
    Require(setting.render(again.config) == setting.render(loaded.config));
  }
}

}  // namespace
}  // namespace aegis::node

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aegis::node::FuzzConfig({reinterpret_cast<const char*>(data), size});
  return 0;
}

// The kinds of settings: what a value may be, and how it gets into a Config and out of it again.
//
// Each makes a Setting of one field. `label`: what stands in --help.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/config.h"
#include "model/endpoint.h"
#include "node/runtime/setting.h"
#include "node/runtime/setting_values.h"

namespace aegis::node {

struct SettingLabel {
  const char* flag;
  const char* group;
  const char* value;
  const char* help;
};

// Of no kind yet.
Setting Labelled(const SettingLabel& label);

template <class T>
Setting NumberSetting(const SettingLabel& label, T Config::*field, T min, T max) {
  Setting setting = Labelled(label);
  setting.allowed = "a number from " + std::to_string(min) + " to " + std::to_string(max);
  setting.assign = [=](std::string_view text, Config& config) {
    const auto number = ParseNumber<T>(text);
    if (!number || *number < min || *number > max) return false;
    config.*field = *number;
    return true;
  };
  setting.render = [=](const Config& config) { return std::to_string(config.*field); };
  return setting;
}

// `allowed`: what is, in words, see Setting.
Setting TextSetting(const SettingLabel& label, std::string Config::*field, std::string allowed,
                    bool (*is_allowed)(std::string_view));

// One of these texts, each for a value.
template <class E>
Setting ChoiceSetting(const SettingLabel& label, E Config::*field,
                      std::vector<std::pair<std::string_view, E>> choices) {
  Setting setting = Labelled(label);
  setting.is_text = true;
  for (const auto& [name, choice] : choices) {
    setting.allowed.append(setting.allowed.empty() ? "one of " : ", ").append(name);
  }
  setting.assign = [=](std::string_view text, Config& config) {
    for (const auto& [name, choice] : choices) {
      if (name != text) continue;
      config.*field = choice;
      return true;
    }
    return false;
  };
  setting.render = [=](const Config& config) {
    for (const auto& [name, choice] : choices) {
      if (choice == config.*field) return std::string(name);
    }
    return std::string();
  };
  return setting;
}

// Both ends are allowed.
Setting DurationSetting(const SettingLabel& label, Duration Config::*field,
                        std::chrono::milliseconds min, std::chrono::milliseconds max);

inline constexpr char kListenAllowed[] =
    "an address like 10.0.0.1:7700, [::1]:7700 or, for all interfaces, :7700";
Setting ListenAddressSetting(const SettingLabel& label, Endpoint Config::*field);

// Empty text is "none".
Setting OptionalAddressSetting(const SettingLabel& label, std::optional<Endpoint> Config::*field,
                               const char* allowed,
                               std::optional<Endpoint> (*parse)(std::string_view));

}  // namespace aegis::node

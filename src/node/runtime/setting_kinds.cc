#include "node/runtime/setting_kinds.h"

#include "model/duration_text.h"

namespace aegis::node {

Setting Labelled(const SettingLabel& label) {
  Setting setting;
  setting.flag = label.flag;
  setting.group = label.group;
  setting.value = label.value;
  setting.help = label.help;
  return setting;
}

Setting TextSetting(const SettingLabel& label, std::string Config::*field, std::string allowed,
                    bool (*is_allowed)(std::string_view)) {
  Setting setting = Labelled(label);
  setting.is_text = true;
  setting.allowed = std::move(allowed);
  setting.assign = [=](std::string_view text, Config& config) {
    if (!is_allowed(text)) return false;
    config.*field = text;
    return true;
  };
  setting.render = [=](const Config& config) { return config.*field; };
  return setting;
}

Setting DurationSetting(const SettingLabel& label, Duration Config::*field,
                        std::chrono::milliseconds min, std::chrono::milliseconds max) {
  Setting setting = Labelled(label);
  setting.is_text = true;
  setting.allowed =
      "a duration with its unit, like 30s, 500ms or 1m30s, at most " + DurationText(max);
  if (min.count() > 0) setting.allowed += " and at least " + DurationText(min);
  setting.assign = [=](std::string_view text, Config& config) {
    const auto duration = ParseDuration(text);
    if (!duration || *duration > max || *duration < min) return false;
    config.*field = *duration;
    return true;
  };
  setting.render = [=](const Config& config) { return RenderDuration(config.*field); };
  return setting;
}

Setting ListenAddressSetting(const SettingLabel& label, Endpoint Config::*field) {
  Setting setting = Labelled(label);
  setting.is_text = true;
  setting.allowed = kListenAllowed;
  setting.assign = [=](std::string_view text, Config& config) {
    const auto endpoint = ParseListenAddress(text);
    if (!endpoint) return false;
    config.*field = *endpoint;
    return true;
  };
  setting.render = [=](const Config& config) { return (config.*field).ToString(); };
  return setting;
}

Setting OptionalAddressSetting(const SettingLabel& label, std::optional<Endpoint> Config::*field,
                               const char* allowed,
                               std::optional<Endpoint> (*parse)(std::string_view)) {
  Setting setting = Labelled(label);
  setting.is_text = true;
  setting.allowed = std::string(allowed) + ", or empty";
  setting.assign = [=](std::string_view text, Config& config) {
    const auto endpoint = text.empty() ? std::nullopt : parse(text);
    if (!endpoint && !text.empty()) return false;
    config.*field = endpoint;
    return true;
  };
  setting.render = [=](const Config& config) {
    const std::optional<Endpoint>& endpoint = config.*field;
    return endpoint ? endpoint->ToString() : std::string();
  };
  return setting;
}

}  // namespace aegis::node

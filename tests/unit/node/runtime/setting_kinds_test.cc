#include "node/runtime/setting_kinds.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace aegis::node {
namespace {

using namespace std::chrono_literals;

constexpr SettingLabel kLabel{"name", "group", "VALUE", "help"};

// What a config has once the setting was given so; "(no)" if that is not allowed, which must not
// change anything.
std::string Given(const Setting& setting, std::string_view text) {
  Config config;
  const std::string before = setting.render(config);
  if (setting.assign(text, config)) return setting.render(config);
  EXPECT_EQ(setting.render(config), before) << text;
  return "(no)";
}

TEST(SettingKindsTest, ANumberHasBounds) {
  const Setting weight = NumberSetting<std::uint32_t>(kLabel, &Config::weight, 2, 20);
  EXPECT_EQ(weight.allowed, "a number from 2 to 20");
  EXPECT_EQ(Given(weight, "2"), "2");
  EXPECT_EQ(Given(weight, "20"), "20");
  for (const char* const text : {"1", "21", "", "-2", "2x"}) EXPECT_EQ(Given(weight, text), "(no)");
}

TEST(SettingKindsTest, ATextIsWhatItsRuleAllows) {
  const Setting zone = TextSetting(kLabel, &Config::zone, "a name", IsName);
  EXPECT_EQ(Given(zone, "a-1"), "a-1");
  EXPECT_EQ(Given(zone, "a 1"), "(no)");
}

TEST(SettingKindsTest, AChoiceIsOneOfItsTexts) {
  const Setting level = ChoiceSetting<LogLevel>(
      kLabel, &Config::log_level, {{"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}});
  EXPECT_EQ(level.allowed, "one of info, warn");
  EXPECT_EQ(Given(level, "warn"), "warn");
  EXPECT_EQ(Given(level, "WARN"), "(no)");
}

TEST(SettingKindsTest, ADurationHasAUnitAndBounds) {
  const Setting lease = DurationSetting(kLabel, &Config::lease_duration, 50ms, 60s);
  EXPECT_EQ(Given(lease, "50ms"), "50ms");
  EXPECT_EQ(Given(lease, "60s"), "1m");
  for (const char* const text : {"49ms", "61s", "50", ""}) EXPECT_EQ(Given(lease, text), "(no)");
}

TEST(SettingKindsTest, AnAddressToListenOnMayNameAllInterfacesAndAnyPort) {
  const Setting bind = ListenAddressSetting(kLabel, &Config::bind);
  EXPECT_EQ(Given(bind, ":7700"), "0.0.0.0:7700");
  EXPECT_EQ(Given(bind, "[::1]:0"), "[::1]:0");
  EXPECT_EQ(Given(bind, "7700"), "(no)");
}

TEST(SettingKindsTest, AnAddressToDialNamesAHostAndAPort) {
  const Setting advertise =
      OptionalAddressSetting(kLabel, &Config::client_advertise, "an address", ParseDialAddress);
  EXPECT_EQ(Given(advertise, "node1:7700"), "node1:7700");
  EXPECT_EQ(Given(advertise, ""), "") << "none";
  for (const char* const text : {":7700", "0.0.0.0:7700", "[::]:7700", "node1:0", "node1"}) {
    EXPECT_EQ(Given(advertise, text), "(no)");
  }
}

}  // namespace
}  // namespace aegis::node

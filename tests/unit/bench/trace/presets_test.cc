#include "bench/trace/presets.h"

#include <gtest/gtest.h>

#include <set>

namespace aegis::bench {
namespace {

TEST(PresetsTest, NamesAreUnique) {
  std::set<std::string> names;
  for (const Preset& preset : Presets()) EXPECT_TRUE(names.insert(preset.name).second);
}

TEST(PresetsTest, SeedDecidesAll) {
  for (const Preset& preset : Presets()) {
    const Trace trace = Generate(preset, 20'000, 1);
    EXPECT_EQ(trace.name, preset.name);
    EXPECT_EQ(trace.accesses.size(), 20'000U);
    const Trace again = Generate(preset, 20'000, 1);
    EXPECT_EQ(again.accesses, trace.accesses) << preset.name;
    EXPECT_EQ(again.sizes, trace.sizes) << preset.name;
    EXPECT_NE(Generate(preset, 20'000, 2).accesses, trace.accesses) << preset.name;
  }
}

TEST(PresetsTest, OneHasSizesThatVary) {
  int varied = 0;
  for (const Preset& preset : Presets()) {
    varied += Generate(preset, 1000, 1).equal_sizes() ? 0 : 1;
  }
  EXPECT_EQ(varied, 1);
}

}  // namespace
}  // namespace aegis::bench

// This repository keeps its house rules. What each rule means stands in house_rules.h.

#include <gtest/gtest.h>

#include "house_rules.h"

namespace aegis::tidy {
namespace {

std::string Joined(const Findings& findings) {
  std::string text;
  for (const std::string& finding : findings) text += finding + '\n';
  return text;
}

class TidyTest : public testing::Test {
 protected:
  const Tree tree_{AEGIS_SOURCE_DIR};
};

TEST_F(TidyTest, LayersReadBottomUp) { EXPECT_EQ(Joined(tree_.LayersThatNameHigherOnes()), ""); }

TEST_F(TidyTest, ModulesIncludeOnlyWhatLayersAllows) {
  EXPECT_EQ(Joined(tree_.IncludesAgainstLayers()), "");
}

TEST_F(TidyTest, ModulesLinkOnlyWhatLayersAllows) {
  EXPECT_EQ(Joined(tree_.LinksAgainstLayers()), "");
}

TEST_F(TidyTest, PureModulesNameNoOutsideWorld) {
  EXPECT_EQ(Joined(tree_.OutsideWorldInPureModules()), "");
}

TEST_F(TidyTest, HeadersBeginByIntroducingThemselves) {
  EXPECT_EQ(Joined(tree_.HeadersThatDoNotIntroduceThemselves()), "");
}

TEST_F(TidyTest, SourcesBeginWithTheirHeader) {
  EXPECT_EQ(Joined(tree_.SourcesThatDoNotBeginWithTheirHeader()), "");
}

TEST_F(TidyTest, LinesAreAtMost100Columns) { EXPECT_EQ(Joined(tree_.LongLines()), ""); }

TEST_F(TidyTest, EveryTestFileIsBuilt) { EXPECT_EQ(Joined(tree_.TestsThatAreNeverBuilt()), ""); }

TEST_F(TidyTest, EveryTestTests) { EXPECT_EQ(Joined(tree_.TestsThatDoNotTest()), ""); }

TEST_F(TidyTest, NoUnfinishedWorkMachinePathOrRegistryIsNamed) {
  EXPECT_EQ(Joined(tree_.WordsThatDoNotBelong()), "");
}

}  // namespace
}  // namespace aegis::tidy

// The checkers are checked: each is shown a small tree that breaks its rule in one place, and must
// say so; and the same tree without the breach, and must say nothing.

#include "house_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace aegis::tidy {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HouseRulesTest : public testing::Test {
 protected:
  HouseRulesTest()
      : root_(fs::path(testing::TempDir()) /
              (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + "-" +
               std::to_string(::getpid()))),
        tree_(root_) {
    fs::remove_all(root_);
    Write("src/LAYERS",
          "# Bottom-up.\n"
          "base          pure  :\n"
          "aegis         pure  :\n"
          "ring          pure  : base\n"
          "gossip        pure  : base\n"
          "node/core     pure  : base ring gossip\n"
          "node/runtime  shell : base node/core\n");
  }

  ~HouseRulesTest() override { fs::remove_all(root_); }

  void Write(const fs::path& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }

  const fs::path root_;
  const Tree tree_;
};

TEST_F(HouseRulesTest, AnIncludeThatLayersAllowsIsNotReported) {
  Write("src/ring/slot.h", "#include <vector>\n#include \"base/bytes.h\"\n#include \"ring/a.h\"\n");
  Write("src/node/core/node.cc", "#include \"ring/slot.h\"\n");
  EXPECT_THAT(tree_.IncludesAgainstLayers(), IsEmpty());
}

TEST_F(HouseRulesTest, AnUpwardIncludeIsReported) {
  Write("src/base/bytes.h", "// Bytes.\n\n#pragma once\n#include \"ring/slot.h\"\n");
  EXPECT_THAT(tree_.IncludesAgainstLayers(),
              ElementsAre("src/base/bytes.h:4: base may not include ring"));
}

TEST_F(HouseRulesTest, ASidewaysIncludeIsReported) {
  Write("src/ring/slot.cc", "#  include \"gossip/swim.h\"\n");
  EXPECT_THAT(tree_.IncludesAgainstLayers(),
              ElementsAre("src/ring/slot.cc:1: ring may not include gossip"));
}

TEST_F(HouseRulesTest, ACoreThatIncludesItsShellIsReported) {
  Write("src/node/core/node.cc", "#include \"node/runtime/engine.h\"\n");
  EXPECT_THAT(tree_.IncludesAgainstLayers(),
              ElementsAre("src/node/core/node.cc:1: node/core may not include node/runtime"));
}

TEST_F(HouseRulesTest, AnIncludeWithoutItsModuleIsReported) {
  Write("src/ring/slot.cc", "#include \"slot.h\"\n");
  EXPECT_THAT(tree_.IncludesAgainstLayers(), ElementsAre(HasSubstr("without its module")));
}

TEST_F(HouseRulesTest, AModuleWithoutALineInLayersIsReported) {
  Write("src/lease/voter.h", "// A voter.\n");
  EXPECT_THAT(tree_.IncludesAgainstLayers(),
              ElementsAre("src/lease/voter.h: src/LAYERS has no line for lease"));
}

TEST_F(HouseRulesTest, APublicHeaderThatIncludesAnInternalOneIsReported) {
  Write("include/aegis/client.h", "#include <string>\n#include \"base/bytes.h\"\n");
  EXPECT_THAT(tree_.IncludesAgainstLayers(),
              ElementsAre("include/aegis/client.h:2: aegis may not include base"));
}

TEST_F(HouseRulesTest, AnUpwardIncludeInAngleBracketsIsReported) {
  Write("src/ring/slot.cc", "#include <aegis/client.h>\n");
  EXPECT_THAT(tree_.IncludesAgainstLayers(),
              ElementsAre("src/ring/slot.cc:1: ring may not include aegis"));
}

TEST_F(HouseRulesTest, ALayerThatNamesAHigherOneIsReported) {
  Write("src/LAYERS", "base pure : ring\nring pure :\n");
  EXPECT_THAT(tree_.LayersThatNameHigherOnes(),
              ElementsAre("src/LAYERS:1: base names ring, which no line above declares"));
}

TEST_F(HouseRulesTest, APureLayerOverAShellIsReported) {
  Write("src/LAYERS", "disk shell :\nring pure : disk\n");
  EXPECT_THAT(tree_.LayersThatNameHigherOnes(),
              ElementsAre("src/LAYERS:2: ring is pure and disk is not"));
}

TEST_F(HouseRulesTest, AMisspelledLayerIsReported) {
  Write("src/LAYERS", "base purr :\n");
  EXPECT_THAT(tree_.LayersThatNameHigherOnes(), ElementsAre(StartsWith("src/LAYERS:1: expected")));
}

TEST_F(HouseRulesTest, ALinkThatLayersAllowsIsNotReported) {
  Write("src/ring/CMakeLists.txt",
        "aegis_module(ring\n  SOURCES slot.cc\n  DEPS base\n  LINK ssl)\n");
  EXPECT_THAT(tree_.LinksAgainstLayers(), IsEmpty());
}

TEST_F(HouseRulesTest, AnUpwardLinkIsReported) {
  Write("src/ring/CMakeLists.txt", "aegis_module(ring SOURCES slot.cc DEPS base gossip)\n");
  EXPECT_THAT(tree_.LinksAgainstLayers(),
              ElementsAre("src/ring/CMakeLists.txt: ring may not link gossip"));
}

TEST_F(HouseRulesTest, AnUpwardLinkPastTheModuleFunctionIsReported) {
  Write("src/ring/CMakeLists.txt", "target_link_libraries(aegis_ring PRIVATE aegis_node_core)\n");
  EXPECT_THAT(tree_.LinksAgainstLayers(),
              ElementsAre("src/ring/CMakeLists.txt: ring may not link node/core"));
}

TEST_F(HouseRulesTest, APureModuleThatNamesAClockIsReported) {
  Write("src/ring/slot.cc", "auto now = std::chrono::steady_clock::now();\n");
  EXPECT_THAT(tree_.OutsideWorldInPureModules(),
              ElementsAre(AllOf(HasSubstr("src/ring/slot.cc:1:"), HasSubstr("TimePoint now"))));
}

TEST_F(HouseRulesTest, APureModuleThatNamesTheOutsideWorldIsReported) {
  Write("src/ring/slot.cc",
        "#include <asio.hpp>\nstd::mutex m;\nstd::thread t;\nint r = rand();\n"
        "std::random_device d;\nstd::unordered_map<int, int> m;\n#include <sys/socket.h>\n");
  EXPECT_THAT(tree_.OutsideWorldInPureModules(), testing::SizeIs(7));
}

TEST_F(HouseRulesTest, TheRulesForPureModulesHoldInC) {
  Write(
      "src/ring/slot.c",
      "#include \"node/runtime/engine.h\"\nclock_gettime(c, &t);\npthread_create(&t, 0, f, 0);\n");
  EXPECT_THAT(tree_.OutsideWorldInPureModules(), testing::SizeIs(2));
  EXPECT_THAT(tree_.IncludesAgainstLayers(), testing::SizeIs(1));
}

TEST_F(HouseRulesTest, AShellMayNameTheOutsideWorld) {
  Write("src/node/runtime/engine.cc", "#include <asio.hpp>\nstd::mutex m;\n");
  EXPECT_THAT(tree_.OutsideWorldInPureModules(), IsEmpty());
}

TEST_F(HouseRulesTest, AWordInACommentOfAPureModuleIsNotReported) {
  Write("src/ring/slot.cc", "int x;  // The caller holds a std::mutex; asio calls this.\n");
  EXPECT_THAT(tree_.OutsideWorldInPureModules(), IsEmpty());
}

TEST_F(HouseRulesTest, AHeaderThatIntroducesItselfIsNotReported) {
  Write("src/ring/slot.h", "// Slots.\n//\n// One owner.\n\n#pragma once\n\n#include <vector>\n");
  EXPECT_THAT(tree_.HeadersThatDoNotIntroduceThemselves(), IsEmpty());
}

TEST_F(HouseRulesTest, AHeaderWithoutAnOpeningCommentIsReported) {
  Write("src/ring/slot.h", "#pragma once\n");
  EXPECT_THAT(tree_.HeadersThatDoNotIntroduceThemselves(),
              ElementsAre(StartsWith("src/ring/slot.h: begin with a comment")));
}

TEST_F(HouseRulesTest, AHeaderWithoutPragmaOnceIsReported) {
  Write("src/ring/slot.h", "// Slots.\n\n#include <vector>\n");
  EXPECT_THAT(tree_.HeadersThatDoNotIntroduceThemselves(), ElementsAre(HasSubstr("#pragma once")));
}

TEST_F(HouseRulesTest, ASourceThatIncludesAnotherHeaderFirstIsReported) {
  Write("src/ring/slot.h", "// Slots.\n\n#pragma once\n");
  Write("src/ring/slot.cc", "// Why.\n\n#include \"ring/slot.h\"\n\n#include <vector>\n");
  Write("src/ring/main.cc", "#include <vector>\n");
  EXPECT_THAT(tree_.SourcesThatDoNotBeginWithTheirHeader(), IsEmpty());
  Write("src/ring/slot.cc", "#include <vector>\n\n#include \"ring/slot.h\"\n");
  EXPECT_THAT(tree_.SourcesThatDoNotBeginWithTheirHeader(),
              ElementsAre("src/ring/slot.cc: the first include is #include \"ring/slot.h\""));
}

TEST_F(HouseRulesTest, ColumnsAreCountedInCharacters) {
  std::string accents;
  for (int i = 0; i < 100; ++i) accents += "\xC3\xA9";
  Write("src/ring/fits.cc", accents + "\n" + std::string(100, 'x') + "\n");
  EXPECT_THAT(tree_.LongLines(), IsEmpty());
}

TEST_F(HouseRulesTest, ALongLineIsReported) {
  Write("proto/gossip.proto", "\n" + std::string(101, 'x') + "\n");
  EXPECT_THAT(tree_.LongLines(), ElementsAre("proto/gossip.proto:2: 101 columns; at most 100"));
}

TEST_F(HouseRulesTest, ATestThatNoListNamesIsReported) {
  Write("tests/unit/ring/CMakeLists.txt",
        "aegis_test(ring_tests unit\n  SOURCES slot_test.cc  # zone_test.cc\n)\n");
  Write("tests/unit/ring/slot_test.cc", "");
  Write("tests/unit/ring/zone_test.cc", "");
  Write("tests/fuzz/CMakeLists.txt", "aegis_fuzz(resp LINK aegis_wire)\n");
  Write("tests/fuzz/resp_fuzz.cc", "");
  EXPECT_THAT(tree_.TestsThatAreNeverBuilt(),
              ElementsAre(StartsWith("tests/unit/ring/zone_test.cc: not listed")));
}

TEST_F(HouseRulesTest, ATestSwitchedOffIsReported) {
  Write("tests/unit/ring/slot_test.cc",
        "TEST(SlotTest, DISA"
        "BLED_Holds) {}\n");
  EXPECT_THAT(tree_.TestsThatDoNotTest(), ElementsAre(HasSubstr("a test runs or does not exist")));
}

TEST_F(HouseRulesTest, ASleepIsReportedWhereNoProcessIsWaitedFor) {
  const std::string sleep = "std::this_thread::sleep_for(1s);\n";
  Write("tests/unit/ring/slot_test.cc", sleep);
  Write("tests/integration/cluster_test.cc", sleep);
  EXPECT_THAT(tree_.TestsThatDoNotTest(),
              ElementsAre(StartsWith("tests/unit/ring/slot_test.cc:1")));
}

TEST_F(HouseRulesTest, AWordOfUnfinishedWorkIsReported) {
  Write("src/ring/slot.cc",
        "// TO"
        "DO: the rest.\n");
  Write("scripts/clean", "mktemp -d build.XXXXXX\n");
  EXPECT_THAT(tree_.WordsThatDoNotBelong(), ElementsAre(HasSubstr("src/ring/slot.cc:1:")));
}

TEST_F(HouseRulesTest, APathOfOneMachineIsReported) {
  Write("Makefile",
        "run:\n\tcp build/x \"/ho"
        "me/me/x\"\n");
  Write("README.md", "The folders src/work/ and ./tmp/ are ours.\n");
  EXPECT_THAT(tree_.WordsThatDoNotBelong(), ElementsAre(HasSubstr("Makefile:2:")));
}

TEST_F(HouseRulesTest, AHostOfAPackageRegistryIsReported) {
  Write("Dockerfile",
        "FROM gh"
        "cr.io/someone/something\n");
  Write("scripts/packages", "docker.io dockerd\n");
  EXPECT_THAT(tree_.WordsThatDoNotBelong(), ElementsAre(HasSubstr("Dockerfile:1:")));
}

TEST_F(HouseRulesTest, WhatABuildLeavesBehindIsNotPartOfTheTree) {
  Write("build/generated.cc",
        "// TO"
        "DO\n" +
            std::string(200, 'x'));
  Write("build-asan/generated.cc",
        "// FIX"
        "ME\n");
  Write("tests/foreign/node_modules/x/index.js",
        "// HA"
        "CK\n");
  EXPECT_THAT(tree_.WordsThatDoNotBelong(), IsEmpty());
  EXPECT_THAT(tree_.LongLines(), IsEmpty());
}

}  // namespace
}  // namespace aegis::tidy

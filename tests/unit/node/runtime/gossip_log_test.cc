#include "node/runtime/gossip_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"

namespace aegis::node {
namespace {

using testing::ElementsAre;

class GossipLogTest : public testing::Test {
 protected:
  GossipLogTest() {
    Lines().clear();
    GlobalLog().sink = [](LogLevel level, std::string_view, std::string_view message) {
      Lines().push_back((level == LogLevel::kWarn ? "W " : "I ") + std::string(message));
    };
    GlobalLog().threshold = LogLevel::kInfo;
  }
  ~GossipLogTest() override {
    GlobalLog().sink = nullptr;
    GlobalLog().threshold = LogLevel::kOff;
  }

  static std::vector<std::string>& Lines() {
    static std::vector<std::string> lines;
    return lines;
  }

  static void Adopt(std::string differences) {
    Member member;
    member.name = "node1";
    member.gossip_address = {"10.0.0.1", 7701};
    LogGossip({gossip::Event::Kind::kAdopted, member, std::move(differences)});
  }
};

TEST_F(GossipLogTest, SettingsThatGiveWayToTheClustersAreAWarning) {
  Adopt("shards 512 instead of 256, virtual-nodes 100 instead of 50");
  EXPECT_THAT(Lines(),
              ElementsAre("I joined through node1 at 10.0.0.1:7701",
                          "W this node's settings give way to those its cluster was born with: "
                          "shards 512 instead of 256, virtual-nodes 100 instead of 50"));
}

TEST_F(GossipLogTest, JoiningWithTheClustersSettingsIsNone) {
  Adopt("");
  EXPECT_THAT(Lines(), ElementsAre("I joined through node1 at 10.0.0.1:7701"));
}

}  // namespace
}  // namespace aegis::node

#include "node/runtime/record_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "temporary_directory.h"

namespace aegis::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

NodeRecord Of(std::uint64_t cluster) {
  NodeRecord record;
  record.node_id = "node1";
  record.settings.id = ClusterId{cluster};
  return record;
}

class RecordKeeperTest : public testing::Test {
 protected:
  RecordKeeperTest() {
    Lines().clear();
    GlobalLog().sink = [](LogLevel, std::string_view, std::string_view message) {
      Lines().emplace_back(message);
    };
    GlobalLog().threshold = LogLevel::kInfo;
  }
  ~RecordKeeperTest() override {
    GlobalLog().sink = nullptr;
    GlobalLog().threshold = LogLevel::kOff;
  }

  // Written by the keeper's thread; look when there is no keeper.
  static std::vector<std::string>& Lines() {
    static std::vector<std::string> lines;
    return lines;
  }

  std::optional<NodeRecord> Kept() const {
    const auto loaded = NodeRecord::Load(home_);
    return loaded.ok() ? loaded.value() : std::nullopt;
  }
  void CreateHome() const { std::filesystem::create_directory(home_); }

  const TemporaryDirectory directory_;
  const std::string home_ = directory_.File("home");  // Until it is there, no record can be kept.
};

TEST_F(RecordKeeperTest, WhatIsKeptNowIsOnDisk) {
  CreateHome();
  RecordKeeper keeper(home_, std::nullopt);
  EXPECT_TRUE(keeper.KeepNow(Of(1)));
  EXPECT_EQ(Kept(), Of(1));
  EXPECT_TRUE(keeper.KeepNow(Of(1)));
}

TEST_F(RecordKeeperTest, WhatIsToBeWrittenIsWrittenAtTheEnd) {
  CreateHome();
  {
    RecordKeeper keeper(home_, std::nullopt);
    keeper.Keep(Of(1));
    keeper.Keep(Of(2));
  }
  EXPECT_EQ(Kept(), Of(2));
}

TEST_F(RecordKeeperTest, WhatIsThereAlreadyIsNotWrittenAgain) {
  { RecordKeeper(home_, Of(1)).Keep(Of(1)); }
  EXPECT_THAT(Lines(), ElementsAre());
}

TEST_F(RecordKeeperTest, ASaveThatFailedIsTriedAgainUntilItSucceeds) {
  RecordKeeper keeper(home_, std::nullopt, std::chrono::milliseconds(1));
  EXPECT_FALSE(keeper.KeepNow(Of(1)));
  CreateHome();
  while (Kept() != Of(1)) std::this_thread::yield();
}

TEST_F(RecordKeeperTest, ASaveThatFailedIsTriedOnceMoreAtTheEnd) {
  {
    RecordKeeper keeper(home_, std::nullopt, std::chrono::hours(1));
    EXPECT_FALSE(keeper.KeepNow(Of(1)));
    CreateHome();
  }
  EXPECT_EQ(Kept(), Of(1));
}

TEST_F(RecordKeeperTest, OfRecordsThatCouldNotBeWrittenTheNewestIs) {
  RecordKeeper keeper(home_, std::nullopt, std::chrono::hours(1));
  EXPECT_FALSE(keeper.KeepNow(Of(1)));
  EXPECT_FALSE(keeper.KeepNow(Of(2)));
  CreateHome();
  EXPECT_TRUE(keeper.KeepNow(Of(3)));
  EXPECT_EQ(Kept(), Of(3));
}

TEST_F(RecordKeeperTest, OnlyTheFirstFailureIsLoggedAndTheEndOfThem) {
  {
    RecordKeeper keeper(home_, std::nullopt, std::chrono::hours(1));
    EXPECT_FALSE(keeper.KeepNow(Of(1)));
    EXPECT_FALSE(keeper.KeepNow(Of(2)));
    CreateHome();
    EXPECT_TRUE(keeper.KeepNow(Of(3)));
    EXPECT_TRUE(keeper.KeepNow(Of(4)));
  }
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("node.json.new: cannot be created: No such file"),
                                   HasSubstr("node.json: can be written again")));
}

}  // namespace
}  // namespace aegis::node

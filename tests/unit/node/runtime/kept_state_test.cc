#include "node/runtime/kept_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "consensus/log_store.h"
#include "consensus/raft_node.h"
#include "control/command.h"
#include "control/state.h"
#include "node/runtime/posix_directory.h"
#include "temporary_directory.h"

namespace aegis::node {
namespace {

using consensus::Persisted;
using consensus::ServerId;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kName = "node1";
constexpr NodeId kNode{0xa1};
constexpr ServerId kServer{0x51};

ClusterSettings Settings() {
  ClusterSettings settings;
  settings.id = ClusterId{0xc1};
  settings.hash_seed = 7;
  settings.num_shards = 64;
  return settings;
}

NodeRecord Record() {
  NodeRecord record;
  record.node_id = kName;
  record.settings = Settings();
  record.peers = {{"10.0.0.2", 7701}};
  return record;
}

NodeRecord Founder() {
  NodeRecord record = Record();
  record.founder = true;
  return record;
}

// What a founder's log holds once the cluster's birth stands in it.
Persisted Begun() {
  Persisted persisted = consensus::RaftNode::Birth(kServer);
  persisted.entries.push_back({{2, 1},
                               consensus::EntryType::kCommand,
                               control::Encode(control::Command(control::Birth{Settings()}))});
  return persisted;
}

Persisted Compacted() {
  control::State state;
  state.Apply({1, 1}, control::Birth{Settings()});
  Persisted persisted;
  persisted.hard_state.term = 1;
  persisted.snapshot.last = {1, 1};
  persisted.snapshot.configuration.at = {1, 1};
  persisted.snapshot.configuration.servers.push_back({kServer, consensus::ServerRole::kVoter});
  persisted.snapshot.state = state.Encode();
  return persisted;
}

class KeptStateTest : public testing::Test {
 protected:
  void Keep(const NodeRecord& record) const {
    ASSERT_TRUE(NodeRecord::Save(directory_.path(), record).ok());
  }
  void KeepLog(const Persisted& persisted, ClusterId cluster = Settings().id) const {
    auto at = PosixDirectory::Open(directory_.File("control"));
    ASSERT_TRUE(at.ok());
    const auto created =
        consensus::LogStore::Create(*at.value(), {cluster, kNode, kServer}, persisted);
    ASSERT_TRUE(created.ok()) << created.error().message;
  }

  Result<KeptState> Load() const { return KeptState::Load(directory_.path(), kName, kNode); }
  std::string Problem() const {
    const auto kept = Load();
    return kept.ok() ? "no problem" : kept.error().message;
  }
  std::optional<NodeRecord> RecordOnDisk() const {
    return NodeRecord::Load(directory_.path()).value();
  }

  const TemporaryDirectory directory_;
};

TEST_F(KeptStateTest, OfANewDirectoryIsNothing) {
  const auto kept = Load();
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_EQ(kept.value().record, std::nullopt);
  EXPECT_FALSE(kept.value().log.recovered);
  EXPECT_FALSE(kept.value().founder);
}

TEST_F(KeptStateTest, OfANodeThatServedIsBoth) {
  Keep(Record());
  KeepLog(Begun());
  const auto kept = Load();
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_EQ(kept.value().record, Record());
  ASSERT_TRUE(kept.value().log.recovered);
  EXPECT_EQ(kept.value().log.recovered->server, kServer);
  EXPECT_EQ(kept.value().log.recovered->persisted.entries, Begun().entries);
  EXPECT_TRUE(kept.value().log.store != nullptr);
  EXPECT_FALSE(kept.value().founder);
}

TEST_F(KeptStateTest, AFounderThatCrashedBeforeItHadALogFoundsItAgain) {
  Keep(Founder());
  const auto kept = Load();
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_TRUE(kept.value().founder);
  EXPECT_EQ(kept.value().record, Founder());
  EXPECT_FALSE(kept.value().log.recovered);
}

TEST_F(KeptStateTest, AFounderThatCrashedWhileItCreatedItsLogFoundsItAgain) {
  Keep(Founder());
  KeepLog(Begun());
  {
    auto at = PosixDirectory::Open(directory_.File("control"));
    ASSERT_TRUE(at.ok() && consensus::LogStore::Discard(*at.value()).ok());
  }
  const auto kept = Load();
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_TRUE(kept.value().founder);
  EXPECT_FALSE(kept.value().log.recovered);
}

TEST_F(KeptStateTest, AFounderThatHasItsLogFoundsNoOther) {
  Keep(Founder());
  KeepLog(Begun());
  const auto kept = Load();
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_FALSE(kept.value().founder);
  EXPECT_TRUE(kept.value().log.recovered);
}

TEST_F(KeptStateTest, ALogThatIsLostLaterIsNotFoundedASecondTime) {
  Keep(Record());
  const auto kept = Load();
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  EXPECT_FALSE(kept.value().founder);
  EXPECT_EQ(kept.value().record, Record());
  EXPECT_FALSE(kept.value().log.recovered);
}

TEST_F(KeptStateTest, ALostRecordIsMadeAnewFromTheLog) {
  for (const Persisted& persisted : {Begun(), Compacted()}) {
    const TemporaryDirectory directory;
    {
      auto at = PosixDirectory::Open(directory.File("control"));
      ASSERT_TRUE(at.ok());
      ASSERT_TRUE(
          consensus::LogStore::Create(*at.value(), {Settings().id, kNode, kServer}, persisted)
              .ok());
    }
    const auto kept = KeptState::Load(directory.path(), kName, kNode);
    ASSERT_TRUE(kept.ok()) << kept.error().message;
    NodeRecord expected = Record();
    expected.peers.clear();
    EXPECT_EQ(kept.value().record, expected);
    EXPECT_EQ(NodeRecord::Load(directory.path()).value(), expected);
    EXPECT_TRUE(kept.value().log.recovered);
  }
}

TEST_F(KeptStateTest, ALogThatDoesNotTellTheSettingsIsRefusedWithTheWayOut) {
  KeepLog(consensus::RaftNode::Birth(kServer));
  EXPECT_THAT(Problem(), AllOf(HasSubstr(directory_.File("node.json") + ": is missing, and "),
                               HasSubstr("/control does not tell the settings of its cluster"),
                               HasSubstr("Restore node.json from a copy, or move ")));
  EXPECT_EQ(RecordOnDisk(), std::nullopt);
}

TEST_F(KeptStateTest, ALogOfWhichTheBirthIsAnotherClustersIsRefused) {
  KeepLog(Begun(), ClusterId{0xc2});
  EXPECT_THAT(Problem(), HasSubstr("does not tell the settings of its cluster"));
}

// A node that joined may crash when its log is there and its record is not.
TEST_F(KeptStateTest, ALogInWhichNothingWasPromisedIsNothingWithoutARecord) {
  KeepLog({});
  for (int time = 0; time < 2; ++time) {
    const auto kept = Load();
    ASSERT_TRUE(kept.ok()) << kept.error().message;
    EXPECT_EQ(kept.value().record, std::nullopt);
    EXPECT_FALSE(kept.value().log.recovered);
    EXPECT_TRUE(kept.value().log.store == nullptr);
    EXPECT_FALSE(kept.value().founder);
  }
}

TEST_F(KeptStateTest, ALogOfAnotherClusterIsRefusedWithTheWayOut) {
  Keep(Record());
  KeepLog(Begun(), ClusterId{0xc2});
  EXPECT_THAT(Problem(), AllOf(HasSubstr(directory_.File("control") +
                                         ": the control log of another cluster than node.json"),
                               HasSubstr("move both away")));
}

TEST_F(KeptStateTest, ARecordOfAnotherNodeIsRefusedWithTheWayOut) {
  NodeRecord record = Founder();
  record.node_id = "node2";
  Keep(record);
  EXPECT_THAT(Problem(), AllOf(HasSubstr(directory_.File("node.json") + ": is that of node node2"),
                               HasSubstr("move it away")));
}

}  // namespace
}  // namespace aegis::node

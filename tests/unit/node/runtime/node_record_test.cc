#include "node/runtime/node_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "node/runtime/files.h"
#include "temporary_directory.h"

namespace aegis::node {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

NodeRecord Sample() {
  NodeRecord record;
  record.node_id = "node1";
  record.settings.id = ClusterId(0xfedcba9876543210U);
  record.settings.hash_seed = 1;
  record.settings.num_shards = 512;
  record.settings.replication_factor = 2;
  record.settings.virtual_nodes = 50;
  record.peers = {{"10.0.0.2", 7701}, {"fd00::1", 7701}};
  return record;
}

std::string Problem(const json& document) {
  const auto record = NodeRecord::Parse(document.dump());
  return record.ok() ? "no problem" : record.error().message;
}

TEST(NodeRecordTest, IsThereAfterARestart) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(NodeRecord::Save(directory.path(), Sample()).ok());
  const auto loaded = NodeRecord::Load(directory.path());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded.value(), Sample());
}

TEST(NodeRecordTest, TheFounderIsMarkedUntilItsLogIsThereAndNobodyElse) {
  NodeRecord founder = Sample();
  founder.founder = true;
  EXPECT_EQ(json::parse(founder.ToText())["founder"], true);
  EXPECT_EQ(NodeRecord::Parse(founder.ToText()).value(), founder);
  EXPECT_FALSE(json::parse(Sample().ToText()).contains("founder"));
  EXPECT_FALSE(NodeRecord::Parse(Sample().ToText()).value().founder);
}

TEST(NodeRecordTest, NewDirectoryHasNone) {
  const TemporaryDirectory directory;
  const auto loaded = NodeRecord::Load(directory.path());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded.value(), std::nullopt);
}

TEST(NodeRecordTest, IsShownInTheFileAsDocumented) {
  const json document = json::parse(Sample().ToText());
  EXPECT_EQ(document["format"], 1);
  EXPECT_EQ(document["cluster"]["id"], "fedcba9876543210");
  EXPECT_EQ(document["cluster"]["hash_seed"], "0000000000000001");
  EXPECT_EQ(document["peers"][1], "[fd00::1]:7701");
}

TEST(NodeRecordTest, EveryPrefixOfTheFileIsDamageAndNeverACrash) {
  const std::string text = Sample().ToText();
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_FALSE(NodeRecord::Parse(std::string_view(text).substr(0, size)).ok()) << size;
  }
}

TEST(NodeRecordTest, EveryFieldIsNeededAndJudged) {
  const json good = json::parse(Sample().ToText());
  for (const auto& [name, value] : good.items()) {
    json damaged = good;
    damaged.erase(name);
    EXPECT_THAT(Problem(damaged), HasSubstr("'" + name + "' must be")) << name;
    damaged[name] = nullptr;
    EXPECT_THAT(Problem(damaged), HasSubstr("'" + name + "' must be")) << name;
  }
  for (const auto& [name, value] : good["cluster"].items()) {
    json damaged = good;
    damaged["cluster"].erase(name);
    EXPECT_THAT(Problem(damaged), HasSubstr("cluster: '" + name + "' must be")) << name;
    damaged["cluster"][name] = -1;
    EXPECT_THAT(Problem(damaged), HasSubstr("cluster: '" + name + "' must be")) << name;
  }
}

TEST(NodeRecordTest, ValuesOutOfBoundsAreNamed) {
  const auto with = [](const char* pointer, const json& value) {
    json document = json::parse(Sample().ToText());
    document[json::json_pointer(pointer)] = value;
    return Problem(document);
  };
  EXPECT_THAT(with("/format", 2), HasSubstr("'format' must be a number from 1 to 1"));
  EXPECT_THAT(with("/node_id", "a b"), HasSubstr("'node_id' is not a name"));
  EXPECT_THAT(with("/node_id", ""), HasSubstr("'node_id' is not a name"));
  EXPECT_THAT(with("/founder", 1), HasSubstr("'founder' must be true or false"));
  EXPECT_THAT(with("/peers", json::array({"nowhere"})), HasSubstr("'peers' must be a list"));
  EXPECT_THAT(with("/peers", json::array({1})), HasSubstr("'peers' must be a list"));
  EXPECT_THAT(with("/cluster/shards", 300), HasSubstr("'shards' must be a power of two"));
  EXPECT_THAT(with("/cluster/shards", 32768), HasSubstr("'shards' must be a number from 1"));
  EXPECT_THAT(with("/cluster/shards", 4294967552U), HasSubstr("'shards' must be a number"));
  EXPECT_THAT(with("/cluster/id", "0000000000000000"), HasSubstr("'id' must not be 0"));
  EXPECT_THAT(with("/cluster/id", "12"), HasSubstr("'id' must be 16 hexadecimal digits"));
  EXPECT_THAT(with("/cluster/id", "fedcba987654321g"), HasSubstr("'id' must be 16"));
}

TEST(NodeRecordTest, DamagedFileIsNamedWithTheWayOut) {
  const TemporaryDirectory directory;
  directory.Write("node.json", "{\"format\": 1,");
  EXPECT_THAT(NodeRecord::Load(directory.path()).error().message,
              AllOf(HasSubstr(directory.File("node.json") + ": is damaged: it is not a JSON"),
                    HasSubstr("move it away")));
}

TEST(NodeRecordTest, FileThatCannotBeReadIsNotMistakenForNone) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.File("node.json"));
  EXPECT_THAT(NodeRecord::Load(directory.path()).error().message,
              HasSubstr("node.json: cannot be read: Is a directory"));
}

}  // namespace
}  // namespace aegis::node

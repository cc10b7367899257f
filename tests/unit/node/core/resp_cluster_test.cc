// CLUSTER, OBJECT, MEMORY, SLOWLOG, SHUTDOWN and the like: what clients and operators ask.

#include <string>
#include <vector>

#include "node/core/key_list.h"
#include "resp_test_support.h"
#include "ring/slot.h"
#include "store/table.h"

namespace aegis::node {
namespace {

class RespClusterTest : public RespTest {
 protected:
  RespClusterTest() {
    RoutingTable& table = node.routing;
    table.self = NodeId{10};
    table.settings.num_shards = 4;
    for (const std::uint64_t id : {10U, 11U}) {
      Member member;
      member.id = NodeId{id};
      member.client_address = {"10.0.0." + std::to_string(id), 7700};
      member.gossip_address = {"10.0.0." + std::to_string(id), 7701};
      table.members.push_back(member);
    }
    const std::vector<NodeId> copies = {NodeId{10}, NodeId{11}};
    table.shards = {{Epoch{1}, NodeId{10}, copies},
                    {Epoch{3}, NodeId{10}, copies},
                    {Epoch{2}, NodeId{11}, copies},
                    {Epoch{1}, kNoNode, copies}};
  }
  static std::string Name(int id) {
    return std::string(15, '0') + (id == 10 ? "a" : "b") + std::string(24, '0');
  }
};

TEST_F(RespClusterTest, SlotsNameTheLeaderAndTheCopiesOfEachRun) {
  const std::string a = "*4\r\n$9\r\n10.0.0.10\r\n:7700\r\n$40\r\n" + Name(10) + "\r\n*0\r\n";
  const std::string b = "*4\r\n$9\r\n10.0.0.11\r\n:7700\r\n$40\r\n" + Name(11) + "\r\n*0\r\n";
  EXPECT_EQ(Reply({"cluster", "slots"}),
            "*2\r\n*4\r\n:0\r\n:8191\r\n" + a + b + "*4\r\n:8192\r\n:12287\r\n" + b + a);
}

TEST_F(RespClusterTest, NodesListsWhatEachLeads) {
  const std::string text = Name(10) +
                           " 10.0.0.10:7700@7701 myself,master - 0 0 3 connected 0-8191\n" +
                           Name(11) + " 10.0.0.11:7700@7701 master - 0 0 2 connected 8192-12287\n";
  EXPECT_EQ(Reply({"cluster", "nodes"}),
            "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n");
}

TEST_F(RespClusterTest, ShardsPairSlotsWithNodes) {
  const std::string reply = Reply({"cluster", "shards"});
  EXPECT_TRUE(
      reply.starts_with("*2\r\n*4\r\n$5\r\nslots\r\n*2\r\n:0\r\n:8191\r\n$5\r\nnodes\r\n"
                        "*2\r\n*14\r\n$2\r\nid\r\n$40\r\n" +
                        Name(10)))
      << reply;
  EXPECT_NE(reply.find("$7\r\nreplica\r\n"), std::string::npos);
}

TEST_F(RespClusterTest, InfoTellsSlotsThatNobodyLeads) {
  const std::string reply = Reply({"cluster", "info"});
  EXPECT_NE(reply.find("cluster_state:fail\r\n"), std::string::npos);
  EXPECT_NE(reply.find("cluster_slots_ok:12288\r\n"), std::string::npos);
  EXPECT_NE(reply.find("cluster_known_nodes:2\r\ncluster_size:2\r\n"), std::string::npos);
  node.routing.shards[3].leader = NodeId{11};
  EXPECT_NE(Reply({"cluster", "info"}).find("cluster_state:ok\r\n"), std::string::npos);
}

TEST_F(RespClusterTest, SlotsOfKeysAreThoseOfRedis) {
  EXPECT_EQ(Reply({"cluster", "keyslot", "somekey"}), ":11058\r\n");
  EXPECT_EQ(Reply({"cluster", "keyslot", "foo{hash_tag}"}), ":2515\r\n");
  EXPECT_EQ(Reply({"cluster", "myid"}), "$40\r\n" + Name(10) + "\r\n");
  EXPECT_EQ(Reply({"cluster", "myshardid"}), "$40\r\n" + Name(10) + "\r\n");
}

TEST_F(RespClusterTest, LinksAreThoseThatStand) {
  EXPECT_EQ(Reply({"cluster", "links"}), "*0\r\n");
  node.links = {{NodeId{11}, true, now - std::chrono::seconds(2), 100, 150}};
  const std::string link =
      "$9\r\ndirection\r\n$2\r\nto\r\n$4\r\nnode\r\n$40\r\n" + Name(11) +
      "\r\n$11\r\ncreate-time\r\n:" + std::to_string(unix_now.value - 2000) +
      "\r\n$6\r\nevents\r\n$2\r\nrw\r\n$21\r\nsend-buffer-allocated\r\n:150\r\n"
      "$16\r\nsend-buffer-used\r\n:100\r\n";
  EXPECT_EQ(Reply({"cluster", "links"}), "*1\r\n*12\r\n" + link);
  session.version = 3;
  EXPECT_EQ(Reply({"cluster", "links"}), "*1\r\n%6\r\n" + link);
}

TEST_F(RespClusterTest, ReplicasOfANodeAreWhoeverCopiesWhatItLeads) {
  const std::string line = Name(11) + " 10.0.0.11:7700@7701 slave " + Name(10) + " 0 0 2 connected";
  const std::string reply = "*1\r\n$" + std::to_string(line.size()) + "\r\n" + line + "\r\n";
  EXPECT_EQ(Reply({"cluster", "replicas", Name(10)}), reply);
  EXPECT_EQ(Reply({"cluster", "slaves", Name(10)}), reply);
  EXPECT_NE(Reply({"cluster", "replicas", Name(11)}).find("myself,slave " + Name(11)),
            std::string::npos);
  for (ShardRoute& route : node.routing.shards) route.replicas = {NodeId{10}};
  EXPECT_EQ(Reply({"cluster", "replicas", Name(10)}), "*0\r\n");
  EXPECT_EQ(Reply({"cluster", "replicas", "nobody"}), "-ERR Unknown node nobody\r\n");
}

TEST_F(RespClusterTest, FailureReportsTellOfASuspect) {
  EXPECT_EQ(Reply({"cluster", "count-failure-reports", Name(11)}), ":0\r\n");
  node.routing.members[1].state = MemberState::kSuspect;
  EXPECT_EQ(Reply({"cluster", "count-failure-reports", Name(11)}), ":1\r\n");
  EXPECT_EQ(Reply({"cluster", "count-failure-reports", "x"}), "-ERR Unknown node x\r\n");
}

TEST_F(RespClusterTest, KeysOfASlotArePickedFromItsShard) {
  const std::string slot = std::to_string(ring::SlotOf("{t}").value());
  Bytes list;
  for (const ByteView key : {"{t}1", "other", "{t}2"}) AppendKey(key, list);
  const Operation scan = Only({"cluster", "countkeysinslot", slot}, ReplyForm::kCountInSlot);
  EXPECT_EQ(scan.code, OpCode::kScan);
  EXPECT_EQ(ring::ShardOf(scan.key, 4), ring::ShardOf("{t}", 4));
  EXPECT_EQ(Answer({Found(list)}), ":2\r\n");
  Only({"cluster", "getkeysinslot", slot, "1"}, ReplyForm::kKeysInSlot);
  EXPECT_EQ(Answer({Found(list)}), "*1\r\n$4\r\n{t}1\r\n");
  EXPECT_EQ(Reply({"cluster", "countkeysinslot", "16384"}),
            "-ERR Invalid or out of range slot\r\n");
  EXPECT_EQ(Reply({"cluster", "getkeysinslot", "0", "-1"}), "-ERR Invalid number of keys\r\n");
}

TEST_F(RespClusterTest, ObjectTellsWhatRedisWouldOfAValueThatWasSet) {
  const auto encoding = [&](const std::string& value) {
    EXPECT_EQ(Only({"object", "encoding", "k"}, ReplyForm::kEncoding).code, OpCode::kGetRange);
    Outcome outcome = Found(ByteView(value).substr(0, 45));
    outcome.number = static_cast<std::int64_t>(value.size());
    return Answer({outcome});
  };
  EXPECT_EQ(encoding("-12"), "$3\r\nint\r\n");
  EXPECT_EQ(encoding("012"), "$6\r\nembstr\r\n");
  EXPECT_EQ(encoding(std::string(44, 'x')), "$6\r\nembstr\r\n");
  EXPECT_EQ(encoding(std::string(45, 'x')), "$3\r\nraw\r\n");
  EXPECT_EQ(encoding(std::string(100, '1')), "$3\r\nraw\r\n");
  for (const ByteView what : {"encoding", "refcount", "freq", "idletime"}) {
    Send({"object", what, "k"});
    EXPECT_EQ(Answer({With(Status::kNotFound)}), "$-1\r\n") << what;
  }
  Send({"object", "refcount", "k"});
  EXPECT_EQ(Answer({{}}), ":1\r\n");
}

TEST_F(RespClusterTest, MemoryUsageIsWhatTheItemTakes) {
  Only({"memory", "usage", "key", "samples", "5"}, ReplyForm::kMemoryUsage);
  EXPECT_EQ(Answer({Number(100)}), ":" + std::to_string(store::Table::ItemBytes(3, 100)) + "\r\n");
  Only({"memory", "usage", "key"}, ReplyForm::kMemoryUsage);
  EXPECT_EQ(Answer({With(Status::kNotFound)}), "$-1\r\n");
  EXPECT_EQ(Reply({"memory", "usage", "key", "samples"}), "-ERR syntax error\r\n");
}

TEST_F(RespClusterTest, TheSlowLogIsListedAndSet) {
  SlowCommand command;
  command.id = 4;
  command.at = UnixMs{1'700'000'000'999};
  command.took = std::chrono::microseconds(12);
  command.arguments = {"get", "k"};
  command.address = "a:1";
  node.slow_commands = {command};
  EXPECT_EQ(Reply({"slowlog", "get"}),
            "*1\r\n*6\r\n:4\r\n:1700000000\r\n:12\r\n*2\r\n$3\r\nget\r\n$1\r\nk\r\n$3\r\na:1\r\n"
            "$0\r\n\r\n");
  EXPECT_EQ(Reply({"slowlog", "get", "0"}), "*0\r\n");
  EXPECT_TRUE(Reply({"slowlog", "get", "-2"}).starts_with("-ERR count should be"));
  EXPECT_EQ(Reply({"slowlog", "len"}), ":1\r\n");
  EXPECT_EQ(Reply({"slowlog", "reset"}), "+OK\r\n");
  EXPECT_EQ(Reply({"slowlog", "len"}), ":0\r\n");
  EXPECT_EQ(Reply({"config", "set", "slowlog-log-slower-than", "0", "slowlog-max-len", "9"}),
            "+OK\r\n");
  EXPECT_EQ(node.slow_log.slower_than_us, 0);
  EXPECT_EQ(node.slow_log.entries_max, 9);
  EXPECT_EQ(Reply({"config", "get", "slowlog-max-len"}),
            "*2\r\n$15\r\nslowlog-max-len\r\n$1\r\n9\r\n");
  EXPECT_TRUE(Reply({"config", "set", "slowlog-max-len", "-1"}).starts_with("-ERR CONFIG SET"));
  EXPECT_EQ(node.slow_log.entries_max, 9);
}

TEST_F(RespClusterTest, ShutdownBeginsToStopTheNode) {
  EXPECT_TRUE(Reply({"shutdown", "save"}).starts_with("-ERR "));
  EXPECT_EQ(Reply({"shutdown", "abort"}), "-ERR No shutdown in progress.\r\n");
  EXPECT_EQ(Reply({"shutdown", "x"}), "-ERR syntax error\r\n");
  EXPECT_EQ(node.shutdowns, 0);
  EXPECT_EQ(Send({"shutdown", "NOSAVE"}), Translation::kRepliedClose);
  EXPECT_EQ(out, "");
  EXPECT_EQ(node.shutdowns, 1);
}

TEST_F(RespClusterTest, WhatChangesNothingIsAssentedTo) {
  for (const ByteView command : {"readonly", "readwrite", "asking"}) {
    EXPECT_EQ(Reply({command}), "+OK\r\n");
  }
  EXPECT_EQ(Reply({"role"}), "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n");
  EXPECT_EQ(Reply({"latency", "latest"}), "*0\r\n");
}

}  // namespace
}  // namespace aegis::node

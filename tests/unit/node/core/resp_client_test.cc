#include "node/core/resp_commands.h"
#include "resp_test_support.h"

namespace aegis::node {
namespace {

class RespClientTest : public RespTest {
 protected:
  RespClientTest() {
    session.address = "10.0.0.1:5000";
    session.local_address = "10.0.0.9:7700";
    session.connected_at = now - std::chrono::seconds(9);
    RespSession other;
    other.id = 12;
    other.address = "10.0.0.2:6000";
    other.local_address = "10.0.0.9:7700";
    other.connected_at = now - std::chrono::seconds(20);
    other.last_command_at = now - std::chrono::seconds(3);
    other.last_command = "get";
    other.name = "web";
    other.version = 3;
    node.sessions = {other, session};
  }
};

TEST_F(RespClientTest, NameIsSetReadAndCleared) {
  EXPECT_EQ(Reply({"client", "getname"}), "$-1\r\n");
  EXPECT_EQ(Reply({"client", "setname", "me"}), "+OK\r\n");
  EXPECT_EQ(Reply({"CLIENT", "GETNAME"}), "$2\r\nme\r\n");
  EXPECT_EQ(Reply({"client", "setname", "a b"}),
            "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  EXPECT_EQ(Reply({"client", "setname", ""}), "+OK\r\n");
  session.version = 3;
  EXPECT_EQ(Reply({"client", "getname"}), "_\r\n");
}

TEST_F(RespClientTest, SetInfoNotesTheLibrary) {
  EXPECT_EQ(Reply({"client", "setinfo", "LIB-NAME", "redis-py"}), "+OK\r\n");
  EXPECT_EQ(Reply({"client", "setinfo", "lib-ver", "4.3"}), "+OK\r\n");
  EXPECT_EQ(session.lib_name, "redis-py");
  EXPECT_EQ(session.lib_version, "4.3");
  EXPECT_EQ(Reply({"client", "setinfo", "foo", "x"}), "-ERR Unrecognized option 'foo'\r\n");
  EXPECT_EQ(Reply({"client", "setinfo", "lib-ver", "4 3"}),
            "-ERR lib-ver cannot contain spaces, newlines or special characters.\r\n");
}

TEST_F(RespClientTest, IdIsTheConnectionsNumber) { EXPECT_EQ(Reply({"client", "id"}), ":7\r\n"); }

TEST_F(RespClientTest, InfoIsOneLineAboutThisConnection) {
  const std::string line =
      "id=7 addr=10.0.0.1:5000 laddr=10.0.0.9:7700 fd=-1 name= age=9 idle=0 flags=N db=0 sub=0 "
      "psub=0 ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 "
      "omem=0 tot-mem=0 events=r cmd=client|info user=default redir=-1 resp=2 lib-name= lib-ver=\n";
  EXPECT_EQ(Reply({"client", "info"}), "$" + std::to_string(line.size()) + "\r\n" + line + "\r\n");
  session.version = 3;
  EXPECT_TRUE(Reply({"client", "info"}).starts_with("=")) << "verbatim in RESP3";
}

TEST_F(RespClientTest, ListShowsEveryConnectionByNumber) {
  const std::string reply = Reply({"client", "list"});
  const auto mine = reply.find("id=7 ");
  const auto other = reply.find(
      "id=12 addr=10.0.0.2:6000 laddr=10.0.0.9:7700 fd=-1 name=web age=20 idle=3 flags=N ");
  EXPECT_NE(mine, std::string::npos);
  EXPECT_NE(other, std::string::npos) << reply;
  EXPECT_LT(mine, other);
  EXPECT_NE(reply.find(" cmd=get user=default redir=-1 resp=3 lib-name= lib-ver=\n"),
            std::string::npos);
  EXPECT_NE(reply.find("cmd=client|list"), std::string::npos) << "itself as it is now";
}

TEST_F(RespClientTest, ListSelectsByTypeAndId) {
  EXPECT_EQ(Reply({"client", "list", "type", "pubsub"}), "$0\r\n\r\n");
  EXPECT_NE(Reply({"client", "list", "type", "NORMAL"}).find("id=12 "), std::string::npos);
  const std::string one = Reply({"client", "list", "id", "12", "99"});
  EXPECT_NE(one.find("id=12 "), std::string::npos);
  EXPECT_EQ(one.find("id=7 "), std::string::npos);
  EXPECT_EQ(Reply({"client", "list", "type", "x"}), "-ERR Unknown client type 'x'\r\n");
  EXPECT_EQ(Reply({"client", "list", "id", "x"}), "-ERR Invalid client ID\r\n");
  EXPECT_EQ(Reply({"client", "list", "x"}), "-ERR syntax error\r\n");
}

TEST_F(RespClientTest, KillByAddressAnswersOkOrNoSuchClient) {
  EXPECT_EQ(Reply({"client", "kill", "10.0.0.2:6000"}), "+OK\r\n");
  EXPECT_EQ(node.killed, std::vector<std::uint64_t>{12});
  EXPECT_EQ(Reply({"client", "kill", "10.9.9.9:1"}), "-ERR No such client\r\n");
}

TEST_F(RespClientTest, KillByFilterCountsAndSparesItselfByDefault) {
  EXPECT_EQ(Reply({"client", "kill", "laddr", "10.0.0.9:7700"}), ":1\r\n");
  EXPECT_EQ(node.killed, std::vector<std::uint64_t>{12});
  EXPECT_EQ(Reply({"client", "kill", "id", "7"}), ":0\r\n");
  EXPECT_EQ(Reply({"client", "kill", "type", "replica"}), ":0\r\n");
  EXPECT_EQ(Reply({"client", "kill", "id", "12", "addr", "10.0.0.1:5000"}), ":0\r\n");
  EXPECT_EQ(Reply({"client", "kill", "id", "12", "user", "default"}), ":1\r\n");
}

TEST_F(RespClientTest, KillOfItselfIsAnsweredBeforeTheConnectionCloses) {
  EXPECT_EQ(Send({"client", "kill", "id", "7", "skipme", "no"}), Translation::kRepliedClose);
  EXPECT_EQ(out, ":1\r\n");
  EXPECT_EQ(Send({"client", "kill", "10.0.0.1:5000"}), Translation::kRepliedClose);
  EXPECT_EQ(out, "+OK\r\n");
  EXPECT_TRUE(node.killed.empty()) << "the caller closes it, after the answer";
}

TEST_F(RespClientTest, KillRefusesWhatRedisRefuses) {
  EXPECT_EQ(Reply({"client", "kill", "id", "0"}), "-ERR client-id should be greater than 0\r\n");
  EXPECT_EQ(Reply({"client", "kill", "id", "x"}), "-ERR client-id should be greater than 0\r\n");
  EXPECT_EQ(Reply({"client", "kill", "type", "foo"}), "-ERR Unknown client type 'foo'\r\n");
  EXPECT_EQ(Reply({"client", "kill", "user", "bob"}), "-ERR No such user 'bob'\r\n");
  EXPECT_EQ(Reply({"client", "kill", "foo", "bar"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"client", "kill", "id", "5", "skipme"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"client", "kill", "id", "5", "skipme", "x"}), "-ERR syntax error\r\n");
  EXPECT_TRUE(node.killed.empty());
}

TEST_F(RespClientTest, SwitchesTakeOnAndOff) {
  EXPECT_EQ(Reply({"client", "no-evict", "ON"}), "+OK\r\n");
  EXPECT_EQ(Reply({"client", "no-touch", "on"}), "+OK\r\n");
  EXPECT_NE(Reply({"client", "info"}).find(" flags=eT "), std::string::npos);
  EXPECT_EQ(Reply({"client", "no-evict", "off"}), "+OK\r\n");
  EXPECT_EQ(Reply({"client", "no-touch", "off"}), "+OK\r\n");
  EXPECT_FALSE(session.no_evict || session.no_touch);
  EXPECT_EQ(Reply({"client", "no-evict", "x"}), "-ERR syntax error\r\n");
  EXPECT_EQ(Reply({"client", "reply", "x"}), "-ERR syntax error\r\n");
}

TEST_F(RespClientTest, HelpNamesEverySubcommand) {
  const std::string reply = Reply({"client", "help"});
  EXPECT_TRUE(reply.starts_with(
      "*23\r\n+CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n"))
      << reply;
  EXPECT_NE(reply.find("+SETNAME connection-name\r\n+    Give the connection a name.\r\n"),
            std::string::npos)
      << reply;
}

}  // namespace
}  // namespace aegis::node

#include "node/core/resp_commands.h"
#include "resp_test_support.h"

namespace aegis::node {
namespace {

using RespConnectionTest = RespTest;

TEST_F(RespConnectionTest, UnknownCommandQuotesItsArgumentsAsRedisDoes) {
  EXPECT_EQ(Reply({"foo", "a", "b"}),
            "-ERR unknown command 'foo', with args beginning with: 'a' 'b' \r\n");
  EXPECT_EQ(Reply({"FOO"}), "-ERR unknown command 'FOO', with args beginning with: \r\n");
}

TEST_F(RespConnectionTest, UnknownCommandRepeatsAtMostWhatFitsOneLine) {
  const std::string name(300, 'x');
  const std::string argument(300, 'y');
  const std::string reply = Reply({name, argument, argument});
  EXPECT_EQ(reply, "-ERR unknown command '" + name.substr(0, 128) +
                       "', with args beginning with: '" + argument.substr(0, 128) + "' \r\n");
}

TEST_F(RespConnectionTest, ErrorTextsStayOnOneLineWhateverTheClientSent) {
  EXPECT_EQ(Reply({"a\r\nb", "c\nd"}),
            "-ERR unknown command 'a  b', with args beginning with: 'c d' \r\n");
  EXPECT_EQ(Reply({ByteView("a\0b", 3)}),
            "-ERR unknown command 'a', with args beginning with: \r\n");
}

TEST_F(RespConnectionTest, WrongNumberOfArgumentsNamesTheCommandInLowerCase) {
  EXPECT_EQ(Reply({"GET"}), "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_EQ(Reply({"get", "a", "b"}), "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_EQ(Reply({"ping", "a", "b"}), "-ERR wrong number of arguments for 'ping' command\r\n");
}

TEST_F(RespConnectionTest, SubcommandErrorsNameContainerAndSubcommand) {
  EXPECT_EQ(Reply({"client"}), "-ERR wrong number of arguments for 'client' command\r\n");
  EXPECT_EQ(Reply({"client", "setname"}),
            "-ERR wrong number of arguments for 'client|setname' command\r\n");
  EXPECT_EQ(Reply({"Client", "Foo"}), "-ERR unknown subcommand 'Foo'. Try CLIENT HELP.\r\n");
  EXPECT_EQ(Reply({"config", "foo"}), "-ERR unknown subcommand 'foo'. Try CONFIG HELP.\r\n");
}

TEST_F(RespConnectionTest, PingEchoTimeAndSelectAnswer) {
  EXPECT_EQ(Reply({"PING"}), "+PONG\r\n");
  EXPECT_EQ(Reply({"ping", "hi"}), "$2\r\nhi\r\n");
  EXPECT_EQ(Reply({"echo", ""}), "$0\r\n\r\n");
  EXPECT_EQ(Reply({"time"}), "*2\r\n$10\r\n1700000000\r\n$6\r\n250000\r\n");
  EXPECT_EQ(Reply({"select", "0"}), "+OK\r\n");
}

TEST_F(RespConnectionTest, OnlyDatabaseZeroExists) {
  EXPECT_EQ(Reply({"select", "1"}), "-ERR DB index is out of range\r\n");
  EXPECT_EQ(Reply({"select", "-1"}), "-ERR DB index is out of range\r\n");
  EXPECT_EQ(Reply({"select", "x"}), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Reply({"select", "99999999999"}),
            "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n");
}

TEST_F(RespConnectionTest, HelloChangesTheProtocolAndGreetsInIt) {
  EXPECT_EQ(Reply({"hello", "3"}),
            "%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n"
            "$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:7\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n"
            "$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n");
  EXPECT_EQ(session.version, 3);
  EXPECT_TRUE(Reply({"hello"}).starts_with("%7\r\n")) << "without a version it stays";
  EXPECT_TRUE(Reply({"hello", "2"}).starts_with("*14\r\n"));
  EXPECT_EQ(session.version, 2);
}

TEST_F(RespConnectionTest, HelloTakesCredentialsAndAName) {
  EXPECT_TRUE(
      Reply({"hello", "3", "auth", "default", "any", "SETNAME", "me"}).starts_with("%7\r\n"));
  EXPECT_EQ(session.name, "me");
}

TEST_F(RespConnectionTest, AFailedHelloChangesNothing) {
  EXPECT_EQ(Reply({"hello", "x"}), "-ERR Protocol version is not an integer or out of range\r\n");
  EXPECT_EQ(Reply({"hello", "4"}), "-NOPROTO unsupported protocol version\r\n");
  EXPECT_EQ(Reply({"hello", "3", "auth", "a"}), "-ERR Syntax error in HELLO option 'auth'\r\n");
  EXPECT_EQ(Reply({"hello", "3", "setname", "me", "auth", "bob", "pw"}),
            "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  EXPECT_EQ(Reply({"hello", "3", "setname", "a b"}),
            "-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  EXPECT_EQ(session.version, 2);
  EXPECT_EQ(session.name, "");
}

TEST_F(RespConnectionTest, AuthWithoutConfiguredPasswordIsRedisText) {
  EXPECT_EQ(Reply({"auth", "pw"}),
            "-ERR AUTH <password> called without any password configured for the default user. "
            "Are you sure your configuration is correct?\r\n");
  EXPECT_EQ(Reply({"auth", "default", "pw"}), "+OK\r\n");
  EXPECT_EQ(Reply({"auth", "bob", "pw"}),
            "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  EXPECT_EQ(Reply({"auth", "a", "b", "c"}), "-ERR syntax error\r\n");
}

TEST_F(RespConnectionTest, QuitAnswersAndThenCloses) {
  EXPECT_EQ(Send({"quit", "now"}), Translation::kRepliedClose);
  EXPECT_EQ(out, "+OK\r\n");
}

TEST_F(RespConnectionTest, ResetForgetsAllButTheLibrary) {
  session.version = 3;
  session.name = "me";
  session.lib_name = "lib";
  session.no_evict = true;
  session.no_touch = true;
  session.reply_mode = RespSession::ReplyMode::kOff;
  EXPECT_EQ(Reply({"reset"}), "+RESET\r\n");
  EXPECT_EQ(session.version, 2);
  EXPECT_EQ(session.name, "");
  EXPECT_EQ(session.lib_name, "lib");
  EXPECT_FALSE(session.no_evict);
  EXPECT_FALSE(session.no_touch);
}

TEST_F(RespConnectionTest, ReplyOffSilencesEverythingUntilOn) {
  EXPECT_EQ(Reply({"client", "reply", "off"}), "");
  EXPECT_EQ(Reply({"ping"}), "");
  EXPECT_EQ(Reply({"client", "reply", "bad"}), "");
  EXPECT_EQ(Send({"quit"}), Translation::kRepliedClose);
  EXPECT_EQ(out, "");
  EXPECT_EQ(Reply({"client", "reply", "on"}), "+OK\r\n");
  EXPECT_EQ(Reply({"ping"}), "+PONG\r\n");
}

TEST_F(RespConnectionTest, ReplySkipSilencesTheNextCommandOnly) {
  EXPECT_EQ(Reply({"client", "reply", "skip"}), "");
  EXPECT_EQ(Reply({"ping"}), "");
  EXPECT_EQ(Reply({"ping"}), "+PONG\r\n");
}

TEST_F(RespConnectionTest, ReplySkipUnderOffDoesNotEndIt) {
  EXPECT_EQ(Reply({"client", "reply", "off"}), "");
  EXPECT_EQ(Reply({"client", "reply", "skip"}), "");
  EXPECT_EQ(Reply({"ping"}), "");
  EXPECT_EQ(Reply({"ping"}), "");
}

TEST_F(RespConnectionTest, ASilencedPlanStaysSilentWhenRepliesAreOnAgain) {
  Reply({"client", "reply", "skip"});
  ASSERT_EQ(Send({"get", "k"}), Translation::kPlanned);
  const Plan skipped = plan;
  EXPECT_EQ(Reply({"ping"}), "+PONG\r\n");
  out.clear();
  WriteReply(skipped, std::vector{Found("v")}, session, unix_now, out);
  EXPECT_EQ(out, "");
}

TEST_F(RespConnectionTest, APlanIsAnsweredInTheProtocolItWasSentUnder) {
  ASSERT_EQ(Send({"get", "k"}), Translation::kPlanned);
  const Plan before = plan;
  Reply({"hello", "3"});
  out.clear();
  WriteReply(before, std::vector{With(Status::kNotFound)}, session, unix_now, out);
  EXPECT_EQ(out, "$-1\r\n");
}

TEST_F(RespConnectionTest, RepliesAreAppendedBehindWhatIsThere) {
  Bytes pipeline;
  const std::vector<ByteView> ping{"ping"};
  Translate(ping, session, node, now, unix_now, plan, pipeline);
  Translate(ping, session, node, now, unix_now, plan, pipeline);
  EXPECT_EQ(pipeline, "+PONG\r\n+PONG\r\n");
}

}  // namespace
}  // namespace aegis::node

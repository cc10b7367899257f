// What a node counts of RESP commands as it runs them.

#include "node/runtime/resp_door.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "client_test_support.h"
#include "node/core/resp_command_table.h"

namespace aegis::node {
namespace {

class RespDoorTest : public ClientTest {
 protected:
  // Sends lines and waits until what is answered ends so.
  void Run(const std::string& lines, ByteView end) {
    peer_of_client_.from_node.clear();
    peer_of_client_.Send(lines);
    EXPECT_TRUE(Until([&] { return peer_of_client_.from_node.ends_with(end); }))
        << peer_of_client_.from_node;
  }
  void Expect(ByteView name, std::uint64_t calls, std::uint64_t failed, std::uint64_t rejected) {
    const std::uint16_t number = resp::FindByFullName(name)->number;
    LatencyDistribution times;
    counters_.resp.AddTo(times, number);
    EXPECT_EQ(times.count(), calls) << name;
    EXPECT_EQ(counters_.resp.failed(number), failed) << name;
    EXPECT_EQ(counters_.resp.rejected(number), rejected) << name;
  }
  std::uint64_t Errors(ByteView code) const { return counters_.resp.errors(ErrorCodeOf(code)); }
};

TEST_F(RespDoorTest, CommandsAreCountedByWhatBecameOfThem) {
  client_->Start();
  Run("SET near x\r\nGET near\r\nGET near\r\nINCR near\r\nGET\r\nnope\r\nCONFIG nope\r\n",
      "Try CONFIG HELP.\r\n");
  Expect("set", 1, 0, 0);
  Expect("get", 2, 0, 1);
  Expect("incr", 1, 1, 0);
  Expect("config", 0, 0, 0);
  EXPECT_EQ(Errors("ERR"), 4U);
}

TEST_F(RespDoorTest, WhatWaitsForAnotherNodeCountsWhenItIsAnswered) {
  client_->Start();
  peer_of_client_.Send("GET " + far_ + "\r\n");
  for (int i = 0; i < 100; ++i) loop_.io().poll();
  Expect("get", 0, 0, 0);
  ServeOther();
  ASSERT_TRUE(Until([&] { return peer_of_client_.from_node == "$-1\r\n"; }));
  Expect("get", 1, 0, 0);
}

TEST_F(RespDoorTest, WhatIsQueuedCountsWhenExecRunsIt) {
  client_->Start();
  Run("MULTI\r\nSET near x\r\nINCR near\r\nPING\r\n", "+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n");
  Expect("multi", 1, 0, 0);
  Expect("set", 0, 0, 0);
  Run("EXEC\r\n", "+PONG\r\n");
  Expect("exec", 1, 0, 0);
  Expect("set", 1, 0, 0);
  Expect("incr", 1, 1, 0);
  Expect("ping", 1, 0, 0);
  EXPECT_EQ(Errors("ERR"), 1U);
  Run("MULTI\r\nPING\r\nEXEC\r\n", "*1\r\n+PONG\r\n");
  Expect("ping", 2, 0, 0);
}

TEST_F(RespDoorTest, WhatExecDoesNotRunIsNotCounted) {
  client_->Start();
  Run("WATCH near\r\nSET near y\r\nMULTI\r\nGET near\r\nEXEC\r\n", "*-1\r\n");
  Expect("exec", 1, 0, 0);
  Expect("get", 0, 0, 0);
  Run("MULTI\r\nGET\r\nEXEC\r\n", "previous errors.\r\n");
  Expect("get", 0, 0, 1);
  Expect("exec", 2, 1, 0);
  EXPECT_EQ(Errors("EXECABORT"), 1U);
}

TEST_F(RespDoorTest, BytesThatNobodyCanReadAreAnError) {
  client_->Start();
  Run("*x\r\n", "\r\n");
  EXPECT_EQ(Errors("ERR"), 1U);
}

}  // namespace
}  // namespace aegis::node

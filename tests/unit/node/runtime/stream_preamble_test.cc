#include "node/runtime/stream_preamble.h"

#include <gtest/gtest.h>

namespace aegis::node {
namespace {

TEST(StreamPreambleTest, HasTheBytesThatTheProtocolSays) {
  Bytes gossip;
  AppendStreamKind(kGossipStream, gossip);
  EXPECT_EQ(gossip, "AGKG");
  Bytes peer;
  AppendPeerPreamble(NodeId{0x0102030405060708}, peer);
  EXPECT_EQ(peer, "AGKP\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(peer.size(), kPeerPreambleSize);
  Bytes forwards;
  AppendForwardPreamble(ClusterId{0x1112131415161718}, NodeId{0x0102030405060708}, forwards);
  EXPECT_EQ(forwards, "AGKF\x11\x12\x13\x14\x15\x16\x17\x18\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(forwards.size(), kForwardPreambleSize);
}

TEST(StreamPreambleTest, AnAnswerIsReadWhenAllOfItIsThereAndNotBefore) {
  Bytes encoded;
  AppendForwardAnswer({.accepted = false, .node = NodeId{77}, .reason = "another cluster"},
                      encoded);
  const Bytes with_more = encoded + "next";
  for (std::size_t size = 0; size <= with_more.size(); ++size) {
    std::size_t consumed = 99;
    std::size_t needed = 0;
    const ForwardAnswer answer =
        DecodeForwardAnswer(ByteView(with_more).substr(0, size), consumed, needed);
    if (size < encoded.size()) {
      EXPECT_EQ(consumed, 0U) << size;
      EXPECT_GT(needed, size);
      EXPECT_LE(needed, encoded.size());
      continue;
    }
    EXPECT_EQ(consumed, encoded.size());
    EXPECT_FALSE(answer.accepted);
    EXPECT_EQ(answer.node, NodeId{77});
    EXPECT_EQ(answer.reason, "another cluster");
  }
}

}  // namespace
}  // namespace aegis::node

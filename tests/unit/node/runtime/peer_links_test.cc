#include "node/runtime/peer_links.h"

#include <gtest/gtest.h>

#include <asio/buffer.hpp>
#include <asio/write.hpp>

#include "forwarding_test_support.h"
#include "node/core/peer_session.h"

namespace aegis::node {
namespace {

class Events final : public PeerLinkEvents {
 public:
  void OnLinkUp(NodeId peer, Session, std::uint64_t) override { up.push_back(peer); }
  void OnLinkDown(NodeId peer, Session, std::uint64_t, const std::string&) override {
    down.push_back(peer);
  }
  std::vector<NodeId> up;
  std::vector<NodeId> down;
};

class PeerLinksTest : public ::testing::Test {
 protected:
  PeerLinksTest() { shards_.Create(); }

  // A stream that has said that it is kOther's, without its hello.
  void Connect() {
    asio::ip::tcp::acceptor acceptor(loop_.io(), {asio::ip::make_address("127.0.0.1"), 0});
    peer_.connect(acceptor.local_endpoint());
    links_.Accept(acceptor.accept(), kOther);
    loop_.io().poll();
  }
  void SayHello(ClusterId cluster) {
    PeerSession::Identity identity;
    identity.cluster = cluster;
    identity.node = kOther;
    identity.session = Session{9};
    identity.name = "other";
    Bytes hello;
    PeerSession(identity, kSelf, shards_.host).AppendHello(hello);
    asio::write(peer_, asio::buffer(hello));
  }

  Loop loop_;
  TestShards shards_{kSelf};
  Events events_;
  PeerLinks links_{loop_, {kSelf, Session{3}, "self"}, shards_.host, events_};
  asio::ip::tcp::socket peer_{loop_.io()};
};

TEST_F(PeerLinksTest, AClaimMakesNoOutletAndAHelloDoes) {
  Connect();
  EXPECT_EQ(shards_.host.outlets().Find(kOther), nullptr);
  SayHello(kCluster);
  ASSERT_TRUE(RunUntil(loop_, [&] { return !events_.up.empty(); }));
  EXPECT_EQ(events_.up, (std::vector<NodeId>{kOther}));
  EXPECT_NE(shards_.host.outlets().Find(kOther), nullptr);
}

TEST_F(PeerLinksTest, ANewerClaimReplacesAnOlderOneBeforeAnyHello) {
  Connect();
  asio::ip::tcp::socket first = std::move(peer_);
  peer_ = asio::ip::tcp::socket(loop_.io());
  Connect();
  SayHello(kCluster);
  ASSERT_TRUE(RunUntil(loop_, [&] { return !events_.up.empty(); }));
  char byte = 0;
  first.non_blocking(true);
  asio::error_code error;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    while (first.read_some(asio::buffer(&byte, 1), error) > 0) {
    }
    return error && error != asio::error::would_block;
  }));
  // The one that stands is told when its peer goes.
  peer_.close();
  ASSERT_TRUE(RunUntil(loop_, [&] { return !events_.down.empty(); }));
}

TEST_F(PeerLinksTest, ARefusedHelloMakesNone) {
  Connect();
  SayHello(ClusterId{kCluster.value() + 1});
  char byte = 0;
  peer_.non_blocking(true);
  asio::error_code error;
  ASSERT_TRUE(RunUntil(loop_, [&] {
    while (peer_.read_some(asio::buffer(&byte, 1), error) > 0) {
    }
    return error == asio::error::eof;
  }));
  EXPECT_TRUE(events_.up.empty());
  EXPECT_EQ(shards_.host.outlets().Find(kOther), nullptr);
}

}  // namespace
}  // namespace aegis::node

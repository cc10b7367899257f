// Section 4 of docs/PROTOCOL.md shows bytes and numbers. Here they are compared with what the code
// does, so that the document cannot rot.

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "document_examples.h"
#include "gossip/codec.h"
#include "gossip/options.h"
#include "model/limits.h"

namespace aegis::gossip {
namespace {

std::map<std::string, Bytes> EncodeExamples() {
  const Sender sender{ClusterId{0xc1}, NodeId{0xa1}, Session{0x51}};
  Rumour suspicion;
  suspicion.member.id = NodeId{0xa3};
  suspicion.member.session = Session{0x53};
  suspicion.member.state = MemberState::kSuspect;
  suspicion.member.incarnation = 300;
  suspicion.accuser = NodeId{0xa1};
  Bytes ping = EncodeDatagramHead(sender, Ping{7, NodeId{0xa2}, Session{0x52}});
  ping += EncodeRumour(suspicion);
  return {{"ping", ping}};
}

TEST(GossipDocumentTest, ItsExamplesAreTheBytesThatWeWrite) {
  ExpectSameExamples(ReadExamples("gossip"), EncodeExamples());
}

TEST(GossipDocumentTest, ItsTableHasOurNumbers) {
  const std::string document = ReadProtocolDocument();
  const auto expect_row = [&](const std::string& row) {
    EXPECT_NE(document.find("\n| " + row + " |"), std::string::npos) << row;
  };
  const auto ms = [](Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
           " ms";
  };
  const Options options;
  expect_row("a probe, every | " + ms(options.probe_interval));
  expect_row("the direct ping's time | " + ms(options.probe_timeout));
  expect_row("members asked to ping instead | " + std::to_string(options.indirect_probes));
  expect_row("rumours to others, every | " + ms(options.rumour_interval));
  expect_row("push/pull with a live member, every | " + ms(options.push_pull_interval));
  expect_row("push/pull with a dead one, every | " + ms(options.dead_contact_interval));
  expect_row("a dead member is forgotten after | " + ms(options.dead_retention));
  expect_row("a datagram | " + std::to_string(limits::kDatagramSizeMax) + " bytes");
  expect_row("a push/pull, each way | " + std::to_string(limits::kPushPullSizeMax) + " bytes");
  expect_row("members | " + std::to_string(limits::kMembersMax));
  expect_row("a node's name, a zone | " + std::to_string(limits::kNameSizeMax) + " bytes");
}

}  // namespace
}  // namespace aegis::gossip

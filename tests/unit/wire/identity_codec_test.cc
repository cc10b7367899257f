#include "wire/identity_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "model/limits.h"
#include "proto/client.pb.h"

namespace aegis::wire {
namespace {

const Identity kIdentity{ClusterId{0xfeed}, NodeId{20}, "node2"};

Bytes Encode(const Identity& identity) {
  Bytes out;
  AppendIdentity(identity, out);
  return out;
}

TEST(IdentityCodecTest, WhatWasEncodedDecodes) {
  const auto decoded = DecodeIdentity(Encode(kIdentity));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(decoded.value(), kIdentity);
}

TEST(IdentityCodecTest, ProtobufReadsWhatWeWriteAndWritesTheSame) {
  const Bytes bytes = Encode(kIdentity);
  proto::Identity message;
  ASSERT_TRUE(message.ParseFromString(bytes));
  EXPECT_EQ(message.SerializeAsString(), bytes);
  EXPECT_EQ(message.cluster_id(), 0xfeedU);
  EXPECT_EQ(message.node_id(), 20U);
  EXPECT_EQ(message.name(), "node2");
}

TEST(IdentityCodecTest, WhatIsPromisedIsChecked) {
  const std::pair<Identity, ErrorCode> wrong[] = {
      {{ClusterId{}, NodeId{20}, "node2"}, ErrorCode::kMalformed},
      {{ClusterId{1}, kNoNode, "node2"}, ErrorCode::kMalformed},
      {{ClusterId{1}, NodeId{20}, std::string(limits::kNameSizeMax + 1, 'n')},
       ErrorCode::kTooLarge}};
  for (const auto& [identity, code] : wrong) {
    const auto decoded = DecodeIdentity(Encode(identity));
    ASSERT_FALSE(decoded.ok());
    EXPECT_EQ(decoded.error().code, code) << decoded.error().message;
  }
  EXPECT_FALSE(DecodeIdentity("\xff\xff").ok());
  EXPECT_FALSE(DecodeIdentity("").ok());
}

TEST(IdentityCodecTest, EveryTruncationEndsInAnAnswer) {
  const Bytes bytes = Encode(kIdentity);
  const std::size_t without_name = Encode({kIdentity.cluster, kIdentity.node, ""}).size();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<char> exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const auto decoded = DecodeIdentity(ByteView(exact.data(), exact.size()));
    EXPECT_EQ(decoded.ok(), size == without_name) << size;
  }
}

}  // namespace
}  // namespace aegis::wire

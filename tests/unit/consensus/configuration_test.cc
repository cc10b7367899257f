#include "consensus/configuration.h"

#include <gtest/gtest.h>

namespace aegis::consensus {
namespace {

Server Voter(std::uint64_t id) { return {ServerId{id}, ServerRole::kVoter}; }
Server Spare(std::uint64_t id) { return {ServerId{id}, ServerRole::kSpare}; }

const std::vector<Server> kServers = {Voter(1), Spare(0x123456789abcdef), Voter(~std::uint64_t{0})};

TEST(ConfigurationTest, IsReadAsItWasWritten) {
  EXPECT_EQ(DecodeServers(EncodeServers(kServers)).value(), kServers);
  std::vector<Server> many;
  for (std::uint64_t i = 0; i < kServersMax; ++i) many.push_back(Voter(~std::uint64_t{63} + i));
  EXPECT_EQ(DecodeServers(EncodeServers(many)).value(), many);
}

TEST(ConfigurationTest, IsInTheEncodingOfLibraft) {
  EXPECT_EQ(EncodeServers({Voter(7)}), Bytes("\1"
                                             "\1\0\0\0\0\0\0\0"
                                             "\7\0\0\0\0\0\0\0"
                                             "7\0"
                                             "\1"
                                             "\0\0\0\0",
                                             24));
}

TEST(ConfigurationTest, IsRefusedWithAnyByteMissing) {
  const Bytes encoded = EncodeServers(kServers);
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_EQ(DecodeServers(ByteView(encoded).substr(0, size)).error().code, ErrorCode::kMalformed);
  }
  EXPECT_FALSE(DecodeServers(encoded + '\0').ok());
}

TEST(ConfigurationTest, WithAByteChangedIsRefusedOrAnotherConfiguration) {
  const Bytes encoded = EncodeServers(kServers);
  int refused = 0;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      Bytes changed = encoded;
      changed[i] = static_cast<char>(value);
      const Result<std::vector<Server>> decoded = DecodeServers(changed);
      if (decoded.ok()) {
        EXPECT_EQ(EncodeServers(decoded.value()), changed);
      } else {
        ++refused;
      }
    }
  }
  // But for the roles, no single byte stands alone: an id is there twice.
  EXPECT_GT(refused, static_cast<int>(encoded.size()) * 254);
}

TEST(ConfigurationTest, HasServersInOrderAndAVoter) {
  EXPECT_TRUE(CheckServers(kServers).ok());
  EXPECT_FALSE(CheckServers({}).ok());
  EXPECT_FALSE(CheckServers({Spare(1)}).ok());
  EXPECT_FALSE(CheckServers({Voter(0)}).ok());
  EXPECT_FALSE(CheckServers({Voter(2), Voter(1)}).ok());
  EXPECT_FALSE(CheckServers({Voter(1), Spare(1)}).ok());
  EXPECT_FALSE(CheckServers(std::vector<Server>(kServersMax + 1, Voter(1))).ok());
}

TEST(ConfigurationTest, ChangesByOneVoter) {
  const std::vector<Server> from = {Voter(1), Voter(2), Spare(3)};
  EXPECT_TRUE(CheckChange(from, from).ok());
  EXPECT_TRUE(CheckChange(from, {Voter(1), Voter(2), Voter(3)}).ok());
  EXPECT_TRUE(CheckChange(from, {Voter(1), Spare(3)}).ok());
  EXPECT_TRUE(CheckChange(from, {Voter(1), Voter(2)}).ok());
  EXPECT_TRUE(CheckChange(from, {Voter(1), Voter(2), Spare(3), Voter(4), Spare(5)}).ok());
  EXPECT_FALSE(CheckChange(from, {Voter(1), Voter(3)}).ok());
  EXPECT_FALSE(CheckChange(from, {Voter(1), Voter(2), Voter(3), Voter(4)}).ok());
  EXPECT_FALSE(CheckChange(from, {Spare(1)}).ok());
}

TEST(ConfigurationTest, MakesNoVoterASpare) {
  EXPECT_FALSE(CheckChange({Voter(1), Voter(2)}, {Voter(1), Spare(2)}).ok());
}

TEST(ConfigurationTest, ExchangesNoServerForAnother) {
  const std::vector<Server> from = {Voter(1), Spare(2)};
  EXPECT_FALSE(CheckChange(from, {Voter(1), Spare(3)}).ok());
  EXPECT_TRUE(CheckChange(from, {Voter(1), Spare(3), Spare(4)}).ok());
}

}  // namespace
}  // namespace aegis::consensus

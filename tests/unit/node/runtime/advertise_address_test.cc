#include "node/runtime/advertise_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace aegis::node {
namespace {

using testing::HasSubstr;

// A machine at 10.0.0.1 and fd00::1 that knows a few names.
class InventedNetwork final : public Network {
 public:
  std::map<std::string, std::vector<std::string>> names = {
      {"localhost", {"127.0.0.1"}}, {"near", {"10.0.0.2"}}, {"me", {"127.0.1.1"}},
      {"far", {"203.0.113.7"}},     {"six", {"fd00::2"}},   {"both", {"10.0.0.9", "fd00::9"}}};
  bool default_route = true;
  std::vector<std::string> interfaces = {"169.254.1.1", "fe80::1%eth0", "fd00::1", "10.0.0.1"};

  Result<std::vector<Endpoint>> Resolve(const Endpoint& endpoint) const override {
    std::string host = endpoint.host.empty() ? "0.0.0.0" : endpoint.host;
    std::vector<std::string> addresses = {host};
    if (const auto name = names.find(host); name != names.end()) {
      addresses = name->second;
    } else if (host.find_first_not_of("0123456789.:abcdef") != std::string::npos) {
      return Error{ErrorCode::kUnavailable, host + ": cannot be resolved"};
    }
    std::vector<Endpoint> endpoints;
    for (const std::string& address : addresses) endpoints.push_back({address, endpoint.port});
    return endpoints;
  }

  std::optional<std::string> SourceFor(const Endpoint& to) const override {
    if (to.host.starts_with("127.")) return "127.0.0.1";
    if (to.host.starts_with("10.")) return "10.0.0.1";
    if (to.host.starts_with("fd00:")) return "fd00::1";
    if (!default_route || to.host.find(':') != std::string::npos) return std::nullopt;
    return "10.0.0.1";
  }

  std::vector<std::string> InterfaceAddresses() const override { return interfaces; }
};

class AdvertiseAddressTest : public testing::Test {
 protected:
  std::string Advertised(const Endpoint& bind, const std::vector<Endpoint>& seeds = {},
                         const std::optional<Endpoint>& advertise = std::nullopt) const {
    const auto address = AdvertiseAddress(bind, advertise, seeds, network_);
    return address.ok() ? address.value().ToString() : address.error().message;
  }

  InventedNetwork network_;
  const Endpoint everywhere_{"0.0.0.0", 7701};
};

TEST_F(AdvertiseAddressTest, IsWhatTheOperatorSaysWordForWord) {
  EXPECT_EQ(Advertised(everywhere_, {{"near", 7701}}, Endpoint{"public.name", 9}), "public.name:9");
}

TEST_F(AdvertiseAddressTest, IsTheBoundAddressIfThatIsOne) {
  EXPECT_EQ(Advertised({"10.1.2.3", 7701}, {{"near", 7701}}), "10.1.2.3:7701");
  EXPECT_EQ(Advertised({"localhost", 7701}), "127.0.0.1:7701");
  EXPECT_THAT(Advertised({"nobody", 7701}), HasSubstr("nobody: cannot be resolved"));
}

TEST_F(AdvertiseAddressTest, IsTheOneThatRoutesToASeedOnAnotherMachine) {
  network_.default_route = false;
  EXPECT_EQ(Advertised(everywhere_, {{"near", 1}}), "10.0.0.1:7701");
  // Debian gives a machine's own name a loopback address.
  EXPECT_EQ(Advertised(everywhere_, {{"me", 1}, {"near", 1}}), "10.0.0.1:7701");
  EXPECT_EQ(Advertised(everywhere_, {{"not-started", 1}, {"near", 1}}), "10.0.0.1:7701");
}

TEST_F(AdvertiseAddressTest, IsTheSameWithASeedOnThisMachineAsWithout) {
  for (const std::vector<Endpoint>& seeds :
       {std::vector<Endpoint>{}, {{"localhost", 7701}}, {{"me", 1}, {"127.0.0.1", 7711}}}) {
    EXPECT_EQ(Advertised(everywhere_, seeds), "10.0.0.1:7701");
  }
}

TEST_F(AdvertiseAddressTest, WithoutSeedsFollowsTheDefaultRouteThenInterfacesThenLoopback) {
  EXPECT_EQ(Advertised(everywhere_), "10.0.0.1:7701");
  network_.default_route = false;
  network_.interfaces = {"169.254.1.1", "fd00::1", "10.0.0.77"};
  EXPECT_EQ(Advertised(everywhere_), "10.0.0.77:7701");
  network_.interfaces = {"fe80::1%eth0", "169.254.1.1"};
  EXPECT_EQ(Advertised(everywhere_), "169.254.1.1:7701");
  EXPECT_EQ(Advertised(everywhere_, {{"localhost", 7701}}), "169.254.1.1:7701");
  network_.interfaces.clear();
  EXPECT_EQ(Advertised(everywhere_), "127.0.0.1:7701");
  EXPECT_EQ(Advertised(everywhere_, {{"localhost", 7701}}), "127.0.0.1:7701");
}

TEST_F(AdvertiseAddressTest, LoopbackToldForAllInterfacesIsOnlyLocal) {
  EXPECT_TRUE(IsOnlyLocal(everywhere_, {"127.0.0.1", 7701}));
  EXPECT_FALSE(IsOnlyLocal(everywhere_, {"10.0.0.1", 7701}));
  EXPECT_FALSE(IsOnlyLocal({"127.0.0.1", 7701}, {"127.0.0.1", 7701}));
}

TEST_F(AdvertiseAddressTest, SeedThatLeadsBackHereIsThisNode) {
  for (const char* host : {"127.0.0.1", "127.0.1.1", "::1", "10.0.0.1"}) {
    EXPECT_TRUE(IsThisNode({host, 7701}, everywhere_, network_)) << host;
    EXPECT_FALSE(IsThisNode({host, 7711}, everywhere_, network_)) << host;
  }
  EXPECT_FALSE(IsThisNode({"10.0.0.2", 7701}, everywhere_, network_));
  EXPECT_TRUE(IsThisNode({"127.0.0.1", 7701}, {"127.0.0.1", 7701}, network_));
  EXPECT_FALSE(IsThisNode({"127.0.0.1", 7701}, {"127.0.0.2", 7701}, network_));
}

TEST_F(AdvertiseAddressTest, IsIpv6OnlyIfTheSocketIs) {
  EXPECT_EQ(Advertised({"::", 7701}, {{"six", 1}}), "[fd00::1]:7701");
  EXPECT_EQ(Advertised(everywhere_, {{"both", 1}}), "10.0.0.1:7701");
  network_.names["both"] = {"fd00::9", "10.0.0.9"};
  EXPECT_EQ(Advertised(everywhere_, {{"both", 1}}), "10.0.0.1:7701");
}

TEST_F(AdvertiseAddressTest, NumericOneResolvesWhatTheOperatorSays) {
  const auto address = NumericAdvertiseAddress(everywhere_, Endpoint{"far", 9}, {}, network_);
  EXPECT_EQ(address.value().ToString(), "203.0.113.7:9");
  EXPECT_FALSE(NumericAdvertiseAddress(everywhere_, Endpoint{"nobody", 9}, {}, network_).ok());
}

TEST(SystemNetworkTest, KnowsLoopback) {
  const Network& network = SystemNetwork();
  EXPECT_EQ(network.Resolve({"127.0.0.1", 1}).value().front(), (Endpoint{"127.0.0.1", 1}));
  EXPECT_EQ(network.Resolve({"", 1}).value().front(), (Endpoint{"0.0.0.0", 1}));
  EXPECT_EQ(network.Resolve({"::1", 1}).value().front(), (Endpoint{"::1", 1}));
  EXPECT_EQ(network.Resolve({"localhost", 1}).value().front().host, "127.0.0.1");
  EXPECT_EQ(network.SourceFor({"127.0.0.1", 1}), "127.0.0.1");
  EXPECT_EQ(network.SourceFor({"no number", 1}), std::nullopt);
  for (const std::string& address : network.InterfaceAddresses()) {
    EXPECT_FALSE(address.starts_with("127.")) << address;
  }
}

TEST(SystemNetworkTest, NamesWhatItCannotResolve) {
  // RFC 6761: no name below "invalid" ever resolves.
  EXPECT_THAT(SystemNetwork().Resolve({"node.invalid", 1}).error().message,
              HasSubstr("node.invalid: cannot be resolved: "));
}

TEST(AdvertiseOnThisMachineTest, SeedOnThisMachineChangesNothing) {
  const Endpoint everywhere{"0.0.0.0", 7711};
  EXPECT_EQ(AdvertiseAddress(everywhere, std::nullopt, {{"localhost", 7701}}).value(),
            AdvertiseAddress(everywhere, std::nullopt, {}).value());
  const Endpoint told = AdvertiseAddress(everywhere, std::nullopt, {}).value();
  EXPECT_TRUE(IsThisNode(told, everywhere));
}

}  // namespace
}  // namespace aegis::node

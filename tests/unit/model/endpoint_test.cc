#include "model/endpoint.h"

#include <gtest/gtest.h>

namespace aegis {
namespace {

TEST(EndpointTest, HostAndPortAreRead) {
  const auto endpoint = ParseEndpoint("10.0.0.1:7700");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint.value(), (Endpoint{"10.0.0.1", 7700}));
}

TEST(EndpointTest, AnEmptyHostMeansAllInterfaces) {
  const auto endpoint = ParseEndpoint(":7700");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint.value().host, "");
}

TEST(EndpointTest, BracketsHoldAnIpv6Address) {
  const auto endpoint = ParseEndpoint("[::1]:80");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint.value().host, "::1");
  EXPECT_EQ(endpoint.value().ToString(), "[::1]:80");
}

TEST(EndpointTest, WhatIsWrongIsNamed) {
  const auto message = [](const char* text) {
    const auto endpoint = ParseEndpoint(text);
    return endpoint.ok() ? std::string("accepted") : endpoint.error().message;
  };
  EXPECT_EQ(message("localhost"), "'localhost': expected host:port");
  EXPECT_EQ(message("::1:80"), "'::1:80': write IPv6 as [address]:port");
  EXPECT_EQ(message("[::1"), "'[::1': '[' without ']'");
  EXPECT_EQ(message("[::1]80"), "'[::1]80': expected ':port' after ']'");
  for (const char* text : {"a:", "a:x", "a:65536", "a:-1", "a:1x", "a: 1"}) {
    EXPECT_EQ(message(text),
              "'" + std::string(text) + "': the port must be a number from 0 to 65535");
  }
}

}  // namespace
}  // namespace aegis

// Asio's addresses as Endpoints.

#pragma once

#include <asio/ip/address.hpp>

#include "model/endpoint.h"

namespace aegis::node {

// Numeric. An IPv4 peer seen through an IPv6 socket has its IPv4 address.
template <class AsioEndpoint>
Endpoint ToEndpoint(const AsioEndpoint& from) {
  asio::ip::address address = from.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return {address.to_string(), from.port()};
}

}  // namespace aegis::node

#include "node/runtime/seed_watch.h"

#include <algorithm>
#include <asio/ip/address.hpp>
#include <chrono>
#include <utility>

#include "node/runtime/advertise_address.h"

namespace aegis::node {

namespace {

constexpr auto kInterval = std::chrono::seconds(5);

bool IsName(const Endpoint& endpoint) {
  asio::error_code error;
  asio::ip::make_address(endpoint.host, error);
  return static_cast<bool>(error);
}

}  // namespace

SeedWatch::SeedWatch(ControlLoop& control, std::vector<Endpoint> seeds,
                     std::vector<Endpoint> others, Endpoint bind)
    : control_(control),
      seeds_(std::move(seeds)),
      others_(std::move(others)),
      bind_(std::move(bind)),
      resolver_(control.io()),
      timer_(control.io()) {}

void SeedWatch::Start() {
  if (std::any_of(seeds_.begin(), seeds_.end(), IsName)) Wait();
}

void SeedWatch::Wait() {
  timer_.expires_after(kInterval);
  timer_.async_wait([this](const asio::error_code& error) {
    if (error || control_.control().swim().joined()) return;
    found_ = others_;
    Resolve(0);
  });
}

void SeedWatch::Resolve(std::size_t at) {
  if (at == seeds_.size()) {
    control_.Join(found_);
    Wait();
    return;
  }
  const Endpoint& seed = seeds_[at];
  resolver_.async_resolve(seed.host, std::to_string(seed.port),
                          [this, at](const asio::error_code& error,
                                     const asio::ip::tcp::resolver::results_type& results) {
                            if (error == asio::error::operation_aborted) return;
                            // IPv4 first, as at the start. A name that is unknown stays a name: it
                            // is resolved again when it is asked.
                            Endpoint found = seeds_[at];
                            for (const auto& result : results) {
                              found.host = result.endpoint().address().to_string();
                              if (result.endpoint().address().is_v4()) break;
                            }
                            const bool is_self =
                                found == control_.control().swim().self().gossip_address ||
                                IsThisNode(found, bind_);
                            if (!is_self) found_.push_back(found);
                            Resolve(at + 1);
                          });
}

}  // namespace aegis::node

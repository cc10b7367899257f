#include "aegis/client.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "client/core/cluster_info.h"
#include "client/core/requests.h"
#include "client/runtime/engine.h"
#include "client/runtime/session.h"
#include "client/runtime/tcp_stream.h"
#include "model/limits.h"
#include "model/operation.h"

namespace aegis {

using client::Engine;
using client::Reply;
using client::Request;

class Client::Impl {
 public:
  // How calls through this client are made.
  struct Terms {
    Quorums quorums;
    client::Staleness staleness;
    std::shared_ptr<client::Session> session;
  };

  Impl(client::Options options, Terms terms)
      : engine_(Engine::Start(
            std::move(options),
            [](asio::io_context& io) { return std::make_shared<client::TcpStream>(io); })),
        terms_(std::move(terms)),
        closer_(engine_.get(), [engine = engine_](Engine*) { engine->Close(); }) {}
  // The same client on other terms.
  Impl(const Impl& other, Terms terms)
      : engine_(other.engine_), terms_(std::move(terms)), closer_(other.closer_) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Engine& engine() { return *engine_; }
  const Terms& terms() const { return terms_; }

  // What the session has seen of the key; nothing: there is none.
  client::Position Seen(std::string_view key) const {
    return terms_.session ? client::Position(terms_.session->Of(key)) : std::nullopt;
  }
  Expected<Request> Read(std::string_view key) const {
    return client::GetRequest(key, terms_.quorums.read, terms_.staleness, Seen(key));
  }

  // Starts a call whose reply `convert` turns into a T.
  template <class T, class Convert>
  void Call(Expected<Request> request, Callback<T> done, Convert convert) {
    if (request.ok() && !request->key.empty()) request->session = terms_.session;
    engine_->Submit(std::move(request), [done = std::move(done), convert](Expected<Reply> reply) {
      if (reply.ok()) return done(convert(std::move(*reply)));
      done(std::move(reply).error());
    });
  }

  // Waits for what `start` gives to its callback.
  template <class T, class Start>
  Expected<T> Wait(Start start) {
    if (engine_->OnOwnThread()) return BlockingInCallback();
    return AsFuture<T>(std::move(start)).get();
  }

  static ClientError BlockingInCallback() {
    return {Errc::kInvalid, "a blocking call inside a callback would wait for itself"};
  }

 private:
  const std::shared_ptr<Engine> engine_;
  const Terms terms_;
  const std::shared_ptr<Engine> closer_;  // The last of those that share it closes the engine.
};

namespace {

ClientError Closed() { return {Errc::kClosed, "the client is closed"}; }

std::optional<Stale> ToStale(const Reply& reply) {
  if (!reply.stale_ms) return std::nullopt;
  Stale stale;
  if (*reply.stale_ms != kUnknownAge) stale.age = std::chrono::milliseconds(*reply.stale_ms);
  return stale;
}

Item ToItem(Reply reply) { return {std::move(reply.value), reply.version, ToStale(reply)}; }

ItemWithTtl ToItemWithTtl(Reply reply) {
  ItemWithTtl item{std::move(reply.value), reply.version, std::nullopt, ToStale(reply)};
  if (reply.ttl_ms > 0) item.ttl = std::chrono::milliseconds(reply.ttl_ms);
  return item;
}

Written ToWritten(const Reply& reply) { return {reply.version}; }

// For calls to which a missing key is an answer, not an error.
Client::Callback<bool> NotFoundIsFalse(Client::Callback<bool> done) {
  return [done = std::move(done)](Expected<bool> result) {
    done(result.Is(Errc::kNotFound) ? Expected<bool>(false) : std::move(result));
  };
}

ClientError BadField(const std::string& field, const std::string& why) {
  return {Errc::kInvalid, "ClientConfig::" + field + ": " + why};
}

std::optional<ClientError> Check(const Quorums& quorums) {
  const std::string range =
      "a quorum is from -1 to " + std::to_string(limits::kReplicationFactorMax);
  if (!client::IsQuorum(quorums.write)) return ClientError{Errc::kInvalid, "write: " + range};
  if (!client::IsQuorum(quorums.read)) return ClientError{Errc::kInvalid, "read: " + range};
  return std::nullopt;
}

std::optional<ClientError> Check(client::Staleness staleness) {
  if (client::IsStaleness(staleness)) return std::nullopt;
  return ClientError{Errc::kInvalid, "a bound on staleness is from 1 to " +
                                         std::to_string(limits::kStalenessMsMax) + " ms"};
}

// Starts one call per element and waits for all of them. A span of nothing gives nothing.
template <class T, class StartOne>
std::vector<Expected<T>> WaitForAll(std::size_t count, StartOne start_one) {
  struct State {
    std::vector<Expected<T>> results;
    std::atomic<std::size_t> missing;
    std::promise<void> complete;
  };
  const auto state = std::make_shared<State>();
  if (count == 0) return {};
  state->results.assign(count, Expected<T>(Closed()));
  state->missing = count;
  for (std::size_t i = 0; i < count; ++i) {
    start_one(i, [state, i](Expected<T> result) {
      state->results[i] = std::move(result);
      if (--state->missing == 0) state->complete.set_value();
    });
  }
  state->complete.get_future().wait();
  return std::move(state->results);
}

}  // namespace

// --- Life ---------------------------------------------------------------------------------------

Expected<Client> Client::Open(ClientConfig config) {
  client::Options options;
  if (config.seeds.empty()) return BadField("seeds", "at least one address is needed");
  for (const std::string& seed : config.seeds) {
    Expected<std::string> address = client::CheckAddress(seed);
    if (!address.ok()) return BadField("seeds", address.error().message);
    options.seeds.push_back(std::move(address).value());
  }
  if (config.max_conns == 0) return BadField("max_conns", "0; at least 1 is needed");
  const auto too_short = [](std::chrono::milliseconds timeout) { return timeout.count() < 1; };
  const std::string at_least = "at least 1 ms is needed";
  if (too_short(config.conn_timeout)) return BadField("conn_timeout", at_least);
  if (too_short(config.read_timeout)) return BadField("read_timeout", at_least);
  if (too_short(config.write_timeout)) return BadField("write_timeout", at_least);
  if (auto wrong = Check(config.quorums)) return BadField("quorums", wrong->message);
  if (auto wrong = Check(config.max_staleness)) return BadField("max_staleness", wrong->message);
  options.max_conns = config.max_conns;
  options.conn_timeout = config.conn_timeout;
  options.read_timeout = config.read_timeout;
  options.write_timeout = config.write_timeout;
  options.max_retries = config.max_retries;
  return Client(std::make_unique<Impl>(std::move(options),
                                       Impl::Terms{config.quorums, config.max_staleness, nullptr}));
}

Expected<Client> Client::WithQuorums(Quorums quorums) const {
  if (auto wrong = Check(quorums)) return *std::move(wrong);
  Impl::Terms terms = impl_->terms();
  terms.quorums = quorums;
  return Client(std::make_unique<Impl>(*impl_, std::move(terms)));
}

Expected<Client> Client::WithStaleness(std::optional<std::chrono::milliseconds> max) const {
  if (auto wrong = Check(max)) return *std::move(wrong);
  Impl::Terms terms = impl_->terms();
  terms.staleness = max;
  return Client(std::make_unique<Impl>(*impl_, std::move(terms)));
}

Client Client::WithSession() const {
  Impl::Terms terms = impl_->terms();
  terms.session = std::make_shared<client::Session>();
  return Client(std::make_unique<Impl>(*impl_, std::move(terms)));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

void Client::Close() { impl_->engine().Close(); }

// --- Asynchronous calls -------------------------------------------------------------------------

void Client::GetAsync(std::string_view key, Callback<Item> done) {
  impl_->Call(impl_->Read(key), std::move(done), ToItem);
}

void Client::GetWithTtlAsync(std::string_view key, Callback<ItemWithTtl> done) {
  impl_->Call(impl_->Read(key), std::move(done), ToItemWithTtl);
}

void Client::SetAsync(std::string_view key, std::string_view value, const SetOptions& options,
                      Callback<Written> done) {
  impl_->Call(
      client::SetRequest(key, value, options, impl_->terms().quorums.write, impl_->Seen(key)),
      std::move(done), ToWritten);
}

void Client::DeleteAsync(std::string_view key, Callback<bool> done) {
  impl_->Call(client::DeleteRequest(key, impl_->terms().quorums.write, impl_->Seen(key)),
              NotFoundIsFalse(std::move(done)), [](const Reply&) { return true; });
}

void Client::ExpireAsync(std::string_view key, std::optional<std::chrono::milliseconds> ttl,
                         Callback<bool> done) {
  impl_->Call(client::ExpireRequest(key, ttl, impl_->terms().quorums.write, impl_->Seen(key)),
              NotFoundIsFalse(std::move(done)), [](const Reply&) { return true; });
}

void Client::IncrementAsync(std::string_view key, std::int64_t delta, Callback<Counter> done) {
  impl_->Call(client::IncrementRequest(key, delta, impl_->terms().quorums.write, impl_->Seen(key)),
              std::move(done), [](const Reply& reply) {
                return Counter{reply.number, reply.version};
              });
}

void Client::CompareAndSetAsync(std::string_view key, std::string_view value,
                                std::uint64_t expected,
                                std::optional<std::chrono::milliseconds> ttl,
                                Callback<Written> done) {
  impl_->Call(client::CompareAndSetRequest(key, value, expected, ttl, impl_->terms().quorums.write,
                                           impl_->Seen(key)),
              std::move(done), ToWritten);
}

void Client::PingAsync(std::string_view address, Callback<std::chrono::nanoseconds> done) {
  using Clock = std::chrono::steady_clock;
  if (address.empty()) {
    return impl_->Call(Expected<Request>(ClientError{Errc::kInvalid, "an empty address"}),
                       std::move(done), [](const Reply&) { return std::chrono::nanoseconds(); });
  }
  impl_->Call(client::NodeRequest(wire::Command::kPing, address), std::move(done),
              [start = Clock::now()](const Reply&) {
                return std::chrono::nanoseconds(Clock::now() - start);
              });
}

// --- Blocking calls -----------------------------------------------------------------------------

Expected<Item> Client::Get(std::string_view key) {
  return impl_->Wait<Item>([&](auto done) { GetAsync(key, std::move(done)); });
}

Expected<ItemWithTtl> Client::GetWithTtl(std::string_view key) {
  return impl_->Wait<ItemWithTtl>([&](auto done) { GetWithTtlAsync(key, std::move(done)); });
}

Expected<Written> Client::Set(std::string_view key, std::string_view value,
                              const SetOptions& options) {
  return impl_->Wait<Written>([&](auto done) { SetAsync(key, value, options, std::move(done)); });
}

Expected<Written> Client::SetWithTtl(std::string_view key, std::string_view value,
                                     std::chrono::milliseconds ttl) {
  return Set(key, value, {.ttl = ttl});
}

Expected<bool> Client::Delete(std::string_view key) {
  return impl_->Wait<bool>([&](auto done) { DeleteAsync(key, std::move(done)); });
}

Expected<bool> Client::Expire(std::string_view key, std::optional<std::chrono::milliseconds> ttl) {
  return impl_->Wait<bool>([&](auto done) { ExpireAsync(key, ttl, std::move(done)); });
}

Expected<Counter> Client::Increment(std::string_view key, std::int64_t delta) {
  return impl_->Wait<Counter>([&](auto done) { IncrementAsync(key, delta, std::move(done)); });
}

Expected<Written> Client::CompareAndSet(std::string_view key, std::string_view value,
                                        std::uint64_t expected,
                                        std::optional<std::chrono::milliseconds> ttl) {
  return impl_->Wait<Written>(
      [&](auto done) { CompareAndSetAsync(key, value, expected, ttl, std::move(done)); });
}

std::vector<Expected<Item>> Client::MultiGet(std::span<const std::string_view> keys) {
  if (impl_->engine().OnOwnThread()) {
    return std::vector<Expected<Item>>(keys.size(), Impl::BlockingInCallback());
  }
  return WaitForAll<Item>(keys.size(),
                          [&](std::size_t i, auto done) { GetAsync(keys[i], std::move(done)); });
}

std::vector<Expected<Written>> Client::MultiSet(std::span<const KeyAndValue> items,
                                                const SetOptions& options) {
  if (impl_->engine().OnOwnThread()) {
    return std::vector<Expected<Written>>(items.size(), Impl::BlockingInCallback());
  }
  return WaitForAll<Written>(items.size(), [&](std::size_t i, auto done) {
    SetAsync(items[i].key, items[i].value, options, std::move(done));
  });
}

// --- The cluster ---------------------------------------------------------------------------------

Expected<std::chrono::nanoseconds> Client::Ping(std::string_view address) {
  return impl_->Wait<std::chrono::nanoseconds>(
      [&](auto done) { PingAsync(address, std::move(done)); });
}

Expected<ClusterInfo> Client::Topology(std::string_view address) {
  Expected<std::string> bytes = impl_->Wait<std::string>([&](auto done) {
    impl_->Call(client::NodeRequest(wire::Command::kTopology, address),
                Callback<std::string>(std::move(done)),
                [](Reply reply) { return std::move(reply.value); });
  });
  if (!bytes.ok()) return bytes.error();
  return client::ToClusterInfo(*bytes);
}

Expected<std::string> Client::Stats(std::string_view address) {
  return impl_->Wait<std::string>([&](auto done) {
    impl_->Call(client::NodeRequest(wire::Command::kStats, address),
                Callback<std::string>(std::move(done)),
                [](Reply reply) { return std::move(reply.value); });
  });
}

Expected<void> Client::AddServer(std::string_view address) {
  const Expected<std::string> checked = client::CheckAddress(address);
  if (!checked.ok()) return checked.error();
  const bool done = impl_->engine().Run(
      [&](auto& dispatcher, TimePoint, auto&) { dispatcher.AddServer(*checked); });
  return done ? Expected<void>() : Closed();
}

Expected<void> Client::RemoveServer(std::string_view address) {
  const Expected<std::string> checked = client::CheckAddress(address);
  if (!checked.ok()) return checked.error();
  const bool done =
      impl_->engine().Run([&](auto& dispatcher, TimePoint now, client::Effects& effects) {
        dispatcher.RemoveServer(*checked, now, effects);
      });
  return done ? Expected<void>() : Closed();
}

std::vector<std::string> Client::Servers() const {
  std::vector<std::string> servers;
  impl_->engine().Run([&](auto& dispatcher, TimePoint, auto&) { servers = dispatcher.Servers(); });
  return servers;
}

}  // namespace aegis

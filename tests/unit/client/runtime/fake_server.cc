#include "fake_server.h"

#include <asio/post.hpp>
#include <asio/write.hpp>
#include <charconv>
#include <utility>

#include "model/endpoint.h"
#include "wire/native_error.h"
#include "wire/operation_codec.h"
#include "wire/topology_codec.h"

namespace aegis::client {

using asio::ip::tcp;

// --- Peer
// ------------------------------------------------------------------------------------------

void FakeServer::Peer::Read() {
  if (hung_) return;
  const std::size_t size = input_.size();
  constexpr std::size_t kChunk = 64 * 1024;
  input_.resize(size + kChunk);
  socket_.async_read_some(
      asio::buffer(input_.data() + size, kChunk),
      [self = shared_from_this(), size](std::error_code error, std::size_t bytes) {
        self->input_.resize(size + bytes);
        if (error) return self->Close();
        self->HandleInput();
        if (self->socket_.is_open()) self->Read();
      });
}

void FakeServer::Peer::HandleInput() {
  std::size_t at = 0;
  while (socket_.is_open() && !hung_) {
    std::size_t size = 0;
    const auto frame = wire::DecodeRequest(ByteView(input_).substr(at), size);
    if (!frame.ok()) return Close();
    if (!frame.value().has_value()) break;
    const wire::RequestFrame request = *frame.value();
    switch (static_cast<wire::Command>(request.command)) {
      case wire::Command::kIdentify:
        Introduce(request.id);
        break;
      case wire::Command::kTopology:
        ReplyTopology(request.id);
        break;
      default:
        server_.handler_(*this, request);
    }
    at += size;
  }
  input_.erase(0, at);
}

void FakeServer::Peer::Introduce(std::uint64_t id) {
  const Bytes greeting = server_.Greeting();
  if (!greeting.empty()) return Send(greeting);
  Bytes identity;
  wire::AppendIdentity(server_.Identity(), identity);
  wire::ReplyFrame reply;
  reply.value = identity;
  Reply(id, reply);
}

void FakeServer::Peer::ReplyTopology(std::uint64_t id) {
  const Bytes topology = server_.Topology();
  const Bytes unavailable = wire::ErrorText(Status::kUnavailable, "no topology");
  wire::ReplyFrame reply;
  reply.status = topology.empty() ? wire::ReplyStatus::kError : wire::ReplyStatus::kOk;
  reply.value = topology;
  if (topology.empty()) reply.error = unavailable;
  Reply(id, reply);
}

void FakeServer::Peer::Reply(std::uint64_t id, wire::ReplyFrame frame) {
  frame.id = id;
  Bytes bytes;
  wire::AppendReply(frame, bytes);
  Send(std::move(bytes));
}

void FakeServer::Peer::Send(Bytes bytes) {
  std::error_code error;
  asio::write(socket_, asio::buffer(bytes), error);
  if (error) Close();
}

void FakeServer::Peer::Hang() { hung_ = true; }

void FakeServer::Peer::Close() {
  std::error_code ignored;
  socket_.close(ignored);
  server_.peers_.erase(shared_from_this());
}

// --- FakeServer
// ------------------------------------------------------------------------------------

namespace {

tcp::acceptor Reserve(asio::io_context& io, std::uint16_t port) {
  tcp::acceptor reserved(io);
  reserved.open(tcp::v4());
  reserved.set_option(tcp::acceptor::reuse_address(true));
  reserved.bind(tcp::endpoint(asio::ip::address_v4::loopback(), port));
  return reserved;
}

}  // namespace

FakeServer::FakeServer(Handler handler, std::uint16_t port)
    : handler_(std::move(handler)),
      reserved_(Reserve(io_, port)),
      acceptor_(io_, reserved_.local_endpoint()),
      port_(acceptor_.local_endpoint().port()) {
  Accept();
  thread_ = std::thread([this] { io_.run(); });
}

void FakeServer::Accept() {
  acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
    if (error) return;
    ++connections_;
    std::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);  // As nodes do.
    const auto peer = std::make_shared<Peer>(std::move(socket), *this);
    peers_.insert(peer);
    peer->Read();
    Accept();
  });
}

void FakeServer::Stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    std::error_code ignored;
    acceptor_.close(ignored);
    for (const auto& peer : std::set(peers_)) peer->Close();
    io_.stop();
  });
  thread_.join();
}

void FakeServer::SetTopology(const std::vector<std::string>& addresses) {
  RoutingTable table;
  table.self = NodeId{1};
  table.settings.id = ClusterId{1};
  table.settings.num_shards = 4;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    Member member;
    member.id = NodeId{i + 1};
    member.name = "node" + std::to_string(i + 1);
    member.client_address = ParseEndpoint(addresses[i]).value();
    member.gossip_address = {"127.0.0.1", 1};
    if (addresses[i] == address()) {
      table.self = member.id;
      SetIdentity({table.settings.id, member.id, member.name});
    }
    table.members.push_back(member);
  }
  table.shards.assign(4, ShardRoute{Epoch{1}, NodeId{1}, {NodeId{1}}});
  const std::lock_guard lock(mutex_);
  topology_.clear();
  wire::AppendTopology(table, topology_);
}

void FakeServer::SetIdentity(wire::Identity identity) {
  const std::lock_guard lock(mutex_);
  identity_ = std::move(identity);
}

wire::Identity FakeServer::Identity() {
  const std::lock_guard lock(mutex_);
  return identity_;
}

void FakeServer::SetGreeting(Bytes greeting) {
  const std::lock_guard lock(mutex_);
  greeting_ = std::move(greeting);
}

Bytes FakeServer::Greeting() {
  const std::lock_guard lock(mutex_);
  return greeting_;
}

Bytes FakeServer::Topology() {
  const std::lock_guard lock(mutex_);
  return topology_;
}

// --- FakeStore
// -------------------------------------------------------------------------------------

std::uint64_t FakeStore::VersionOf(ByteView key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? 0 : found->second.version;
}

void FakeStore::Answer(FakeServer::Peer& peer, const wire::RequestFrame& request) {
  const std::lock_guard lock(mutex_);
  wire::ReplyFrame reply;
  switch (static_cast<wire::Command>(request.command)) {
    case wire::Command::kGet: {
      const auto found = values_.find(request.key);
      if (found == values_.end()) {
        reply.status = wire::ReplyStatus::kNotFound;
      } else {
        reply.value = found->second.bytes;
        reply.version = found->second.version;
        reply.ttl_ms = found->second.ttl_ms;
      }
      return peer.Reply(request.id, reply);
    }
    case wire::Command::kSet:
      values_[Bytes(request.key)] = {Bytes(request.value), ++last_version_, request.ttl_ms};
      reply.version = last_version_;
      return peer.Reply(request.id, reply);
    case wire::Command::kDelete:
      if (values_.erase(Bytes(request.key)) == 0) reply.status = wire::ReplyStatus::kNotFound;
      return peer.Reply(request.id, reply);
    case wire::Command::kPing:
      reply.value = "PONG";
      return peer.Reply(request.id, reply);
    case wire::Command::kStats:
      reply.value = R"({"keys":1})";
      return peer.Reply(request.id, reply);
    case wire::Command::kExecute:
      return Execute(peer, request);
    default:
      return peer.Close();
  }
}

void FakeStore::Execute(FakeServer::Peer& peer, const wire::RequestFrame& request) {
  const auto operation = wire::DecodeOperation(request.value);
  if (!operation.ok()) return peer.Close();
  const Outcome outcome = Apply(operation.value());
  Bytes value;
  wire::AppendOutcome(outcome, value);
  wire::ReplyFrame reply;
  reply.value = value;
  peer.Reply(request.id, reply);
}

Outcome FakeStore::Apply(const Operation& operation) {
  Outcome outcome;
  const std::uint64_t version = VersionOf(operation.key);
  const bool refused =
      (operation.condition == Condition::kIfAbsent && version != 0) ||
      (operation.condition == Condition::kIfPresent && version == 0) ||
      (operation.condition == Condition::kIfVersion && operation.expected.Pack() != version);
  if (refused) {
    outcome.status = Status::kConflict;
    outcome.version = Version::Unpack(version);
    return outcome;
  }
  if (operation.code == OpCode::kExpire && version == 0) {
    outcome.status = Status::kNotFound;
    return outcome;
  }
  Value& value = values_[Bytes(operation.key)];
  if (operation.code == OpCode::kIncrement) {
    std::int64_t number = 0;
    std::from_chars(value.bytes.data(), value.bytes.data() + value.bytes.size(), number);
    outcome.number = number + operation.number;
    value.bytes = std::to_string(outcome.number);
  } else {
    if (operation.code == OpCode::kSet) value.bytes = operation.value;
    value.ttl_ms = operation.expiry_ms;
    outcome.number = 1;
  }
  value.version = ++last_version_;
  outcome.version = Version::Unpack(value.version);
  return outcome;
}

}  // namespace aegis::client

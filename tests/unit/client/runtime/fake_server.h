// FakeServer: a server on a loopback port that answers as the test says, on a thread of its own.

#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "model/operation.h"
#include "wire/identity_codec.h"
#include "wire/native.h"

namespace aegis::client {

class FakeServer {
 public:
  // One client. Used on the server's thread only.
  class Peer : public std::enable_shared_from_this<Peer> {
   public:
    Peer(asio::ip::tcp::socket socket, FakeServer& server)
        : socket_(std::move(socket)), server_(server) {}

    void Reply(std::uint64_t id, wire::ReplyFrame frame);
    void Send(Bytes bytes);
    void Hang();  // Reads nothing more.
    void Close();

   private:
    friend class FakeServer;
    void Read();
    void Introduce(std::uint64_t id);
    void ReplyTopology(std::uint64_t id);
    void HandleInput();

    asio::ip::tcp::socket socket_;
    FakeServer& server_;
    Bytes input_;
    bool hung_ = false;
  };

  // Called for every request but IDENTIFY and TOPOLOGY ones, which the server answers itself.
  using Handler = std::function<void(Peer&, const wire::RequestFrame&)>;

  // `port` 0: any free one.
  explicit FakeServer(Handler handler, std::uint16_t port = 0);
  ~FakeServer() { Stop(); }

  // Breaks all connections. Nobody listens on the port any more, and no other program is given it
  // before this is destroyed; another FakeServer may ask for it.
  void Stop();

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

  // TOPOLOGY is answered with these members, nodes 1, 2, ... of cluster 1; every shard is led by
  // the first one. Before it is set: UNAVAILABLE. The server is the member with its address.
  void SetTopology(const std::vector<std::string>& addresses);

  // Who it says it is. Without this, and without a topology: node 1 of cluster 1.
  void SetIdentity(wire::Identity identity);
  // What it sends when asked who it is, as something does that speaks another protocol.
  void SetGreeting(Bytes greeting);

 private:
  void Accept();
  Bytes Topology();
  wire::Identity Identity();
  Bytes Greeting();

  const Handler handler_;
  asio::io_context io_{1};
  asio::ip::tcp::acceptor reserved_;  // Bound to the port; never listens.
  asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::set<std::shared_ptr<Peer>> peers_;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  // Guarded by mutex_.
  Bytes topology_;
  wire::Identity identity_{ClusterId{1}, NodeId{1}, "node1"};
  Bytes greeting_;  // Empty: none.
  std::thread thread_;
};

// A map that GET, SET, DEL, PING, STATS and the EXECUTE operations of the client work on.
class FakeStore {
 public:
  FakeServer::Handler Handler() {
    return [this](FakeServer::Peer& peer, const wire::RequestFrame& request) {
      Answer(peer, request);
    };
  }
  void Answer(FakeServer::Peer& peer, const wire::RequestFrame& request);

 private:
  struct Value {
    Bytes bytes;
    std::uint64_t version = 0;
    std::int64_t ttl_ms = 0;
  };

  void Execute(FakeServer::Peer& peer, const wire::RequestFrame& request);
  Outcome Apply(const Operation& operation);
  std::uint64_t VersionOf(ByteView key) const;

  std::mutex mutex_;
  std::map<Bytes, Value, std::less<>> values_;
  std::uint64_t last_version_ = 0;
};

}  // namespace aegis::client

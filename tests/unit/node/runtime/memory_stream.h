// MemoryStream: a byte stream without a socket; the test is the other side.

#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "node/runtime/byte_stream.h"
#include "node/runtime/loop.h"

namespace aegis::node {

// What the test holds of a stream.
struct MemoryPeer {
  explicit MemoryPeer(Loop& on) : loop(on) {}

  void Send(ByteView bytes) {
    to_node.append(bytes);
    if (auto listener = std::exchange(reader, nullptr)) {
      loop.Post([listener = std::move(listener)] { listener->OnReadable(); });
    }
  }
  // From now on the node can send; what it does adds up in `from_node`.
  void Listen(std::size_t bytes = ~std::size_t{0}) {
    listens = true;
    takes = bytes;
    if (auto listener = std::exchange(writer, nullptr)) {
      loop.Post([listener = std::move(listener)] { listener->OnWritable(); });
    }
  }

  Loop& loop;
  Bytes to_node;
  Bytes from_node;
  bool listens = true;
  bool gathers = true;                  // Takes several pieces at once.
  std::size_t takes = ~std::size_t{0};  // So many bytes, then it has to Listen() again.
  bool ended = false;                   // The node will send no more,
  bool closed = false;                  // or has closed.
  std::shared_ptr<ByteStream::Listener> reader;
  std::shared_ptr<ByteStream::Listener> writer;
};

class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(MemoryPeer& peer) : peer_(peer) {}

  Transfer Receive(std::span<char> room) override {
    if (peer_.to_node.empty()) return {State::kWouldBlock, 0};
    const std::size_t size = std::min(room.size(), peer_.to_node.size());
    std::memcpy(room.data(), peer_.to_node.data(), size);
    peer_.to_node.erase(0, size);
    return {State::kMoved, size};
  }
  Transfer Send(ByteView bytes) override {
    if (!peer_.listens || peer_.takes == 0) return {State::kWouldBlock, 0};
    const std::size_t size = std::min(peer_.takes, bytes.size());
    peer_.takes -= size;
    peer_.from_node.append(bytes.substr(0, size));
    return {State::kMoved, size};
  }
  Transfer SendAll(std::span<const ByteView> pieces) override {
    if (!peer_.gathers) return ByteStream::SendAll(pieces);
    Transfer all{State::kWouldBlock, 0};
    for (const ByteView piece : pieces) {
      const Transfer one = Send(piece);
      if (one.state != State::kMoved) break;
      all = {State::kMoved, all.bytes + one.bytes};
      if (one.bytes < piece.size()) break;
    }
    return all;
  }
  void AwaitReadable(std::shared_ptr<Listener> listener) override {
    peer_.reader = std::move(listener);
    if (!peer_.to_node.empty()) peer_.Send({});
  }
  void AwaitWritable(std::shared_ptr<Listener> listener) override {
    peer_.writer = std::move(listener);
  }
  void EndSending() override { peer_.ended = true; }
  void Close() override {
    peer_.closed = true;
    peer_.reader = peer_.writer = nullptr;
  }
  std::string PeerAddress() const override { return "memory:1"; }
  std::string LocalAddress() const override { return "memory:2"; }

 private:
  MemoryPeer& peer_;
};

}  // namespace aegis::node

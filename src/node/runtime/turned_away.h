// TurnedAway: a client connection over the limit, for as long as it takes to tell the client so.
//
// An error can be read only in the protocol that the client speaks, and until its first byte
// nobody knows which that is. So: the first command is answered with the error and the connection
// closed; one that asks nothing within limits::kTurnedAwayTimeout is closed without a word.

#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "node/runtime/client_connection.h"
#include "node/runtime/connection.h"

namespace aegis::node {

class TurnedAway final : public Connection {
 public:
  // `present` counts those that are open, this one included; outlives the loop's connections.
  TurnedAway(Loop& loop, std::unique_ptr<ByteStream> stream, std::size_t& present,
             ClientPort port = ClientPort::kMain);

  void OnTick(TimePoint now) override;

 private:
  Taken Take(ByteView input) override;
  Taken TakeNative(ByteView input);
  Protocol protocol() const override { return Protocol::kUnknown; }
  void OnClosed(std::string_view) override { --present_; }

  std::size_t& present_;
  const ClientPort port_;
  const TimePoint since_;
};

}  // namespace aegis::node

// Door: one protocol's side of a client connection.

#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "node/core/resp_commands.h"
#include "node/runtime/forward.h"

namespace aegis::node {

class Door {
 public:
  struct Taken {
    std::size_t consumed = 0;
    std::size_t needed = 0;  // When nothing was consumed: bytes that Take() must see.
  };

  virtual ~Door() = default;

  // Takes one command from the front of `input`; see Connection::Take().
  virtual Taken Take(ByteView input) = 0;
  // What a glance at the first command of `input` (not empty) tells.
  struct Ahead {
    ByteView key;  // What it is about; may be empty or wrong.
    std::size_t size =
        0;  // Bytes of the command; 0: they are not all there, or not told so easily.
  };
  virtual Ahead Glance(ByteView input) = 0;
  // Of an operation that was submitted.
  virtual void OnOutcome(Ticket ticket, const Outcome& outcome) = 0;
  // For CLIENT LIST; null: not a RESP connection.
  virtual const RespSession* session() const { return nullptr; }
};

}  // namespace aegis::node

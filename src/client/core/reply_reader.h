// ReplyReader: the replies in what one connection has received, however the bytes were cut.

#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/native.h"

namespace aegis::client {

class ReplyReader {
 public:
  // Invalidates the frames given out before.
  void Feed(ByteView bytes);

  // The next reply; nothing when more bytes are needed. Views are valid until the next Feed().
  // Errors: as wire::DecodeReply(); the stream stays broken.
  Result<std::optional<wire::ReplyFrame>> Next();

 private:
  Bytes buffer_;
  std::size_t consumed_ = 0;                // Invariant: consumed_ <= buffer_.size().
  std::size_t needed_ = wire::kLengthSize;  // No frame is complete before so many bytes are there.
};

}  // namespace aegis::client

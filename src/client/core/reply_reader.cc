#include "client/core/reply_reader.h"

namespace aegis::client {
namespace {

// A buffer that grew beyond this for one large value is given back once it is empty.
constexpr std::size_t kCapacityKept = 1 << 20;

}  // namespace

void ReplyReader::Feed(ByteView bytes) {
  buffer_.erase(0, consumed_);
  consumed_ = 0;
  if (buffer_.empty() && buffer_.capacity() > kCapacityKept) Bytes().swap(buffer_);
  if (buffer_.capacity() < needed_) buffer_.reserve(needed_);
  buffer_.append(bytes);
}

Result<std::optional<wire::ReplyFrame>> ReplyReader::Next() {
  const ByteView rest = ByteView(buffer_).substr(consumed_);
  if (rest.size() < needed_) return std::optional<wire::ReplyFrame>();
  std::size_t size = 0;
  auto frame = wire::DecodeReply(rest, size, &needed_);
  if (frame.ok() && frame.value().has_value()) {
    consumed_ += size;
    needed_ = wire::kLengthSize;
  }
  return frame;
}

}  // namespace aegis::client

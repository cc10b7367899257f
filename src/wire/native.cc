#include "wire/native.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>
#include <span>

#include "base/check.h"
#include "wire/native_error.h"

namespace aegis::wire {
namespace {

// Offsets from the start of the frame, its length prefix included.
constexpr std::size_t kMagicAt = kLengthSize;
constexpr std::size_t kVersionAt = kMagicAt + 1;
constexpr std::size_t kCommandAt = kVersionAt + 1;  // A reply's status.
constexpr std::size_t kIdAt = kCommandAt + 1;
constexpr std::size_t kKeySizeAt = kIdAt + 8;
constexpr std::size_t kValueSizeAt = kKeySizeAt + 4;
constexpr std::size_t kTtlAt = kValueSizeAt + 4;
constexpr std::size_t kEntryVersionAt = kTtlAt + 8;
constexpr std::size_t kRequestBodyAt = kEntryVersionAt + 8;
constexpr std::size_t kErrorSizeAt = kRequestBodyAt;
constexpr std::size_t kAddressSizeAt = kErrorSizeAt + 4;
constexpr std::size_t kReplyBodyAt = kAddressSizeAt + 4;
static_assert(kRequestBodyAt == kLengthSize + kRequestHeaderSize);
static_assert(kReplyBodyAt == kLengthSize + kReplyHeaderSize);

// One instruction; gcc makes a loop of LoadBigEndian(), and a frame has up to ten numbers.
template <class T>
T SwapUnlessBig(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else {
    static_assert(sizeof(T) == 8);
    return __builtin_bswap64(value);
  }
}

// REQUIRES: the frame reaches so far.
template <class T>
T Load(ByteView frame, std::size_t at) {
  T value;
  std::memcpy(&value, frame.data() + at, sizeof(value));
  return SwapUnlessBig(value);
}

// Header fields are written to the stack and appended at once: one capacity check per frame.
template <std::size_t kSize>
class HeaderWriter {
 public:
  template <class T>
  HeaderWriter& Put(T value) {
    AEGIS_CHECK(size_ + sizeof(T) <= kSize, "a header has a fixed layout");
    const T swapped = SwapUnlessBig(value);
    std::memcpy(bytes_.data() + size_, &swapped, sizeof(swapped));
    size_ += sizeof(T);
    return *this;
  }
  void AppendTo(Bytes& out) const {
    AEGIS_CHECK(size_ == kSize, "a header has a fixed layout");
    out.append(bytes_.data(), kSize);
  }

 private:
  std::array<char, kSize> bytes_;
  std::size_t size_ = 0;
};

template <std::size_t kSize>
void PutFront(HeaderWriter<kSize>& header, std::size_t length, std::uint8_t command,
              std::uint64_t id, ByteView key, std::size_t value_size, std::int64_t ttl_ms,
              std::uint64_t version) {
  header.Put(static_cast<std::uint32_t>(length))
      .Put(kMagic)
      .Put(kProtocolVersion)
      .Put(command)
      .Put(id)
      .Put(static_cast<std::uint32_t>(key.size()))
      .Put(static_cast<std::uint32_t>(value_size))
      .Put(static_cast<std::uint64_t>(ttl_ms))
      .Put(version);
}

// The frame's `length`. Sums of std::size_t: four views in memory cannot overflow it.
std::size_t LengthOf(const RequestFrame& frame) {
  return kRequestHeaderSize + frame.key.size() + frame.value.size();
}
std::size_t LengthOf(const ReplyFrame& frame) {
  return kReplyHeaderSize + frame.key.size() + frame.value.size() + frame.value_end.size() +
         frame.error.size() + frame.address.size();
}

Error Malformed(std::string message) { return {ErrorCode::kMalformed, std::move(message)}; }

// Judges what a request and a reply have in common, as far as it has arrived. The value is the
// whole frame with its length prefix; nothing when `input` does not hold all of it yet.
// `size_fields` are the offsets of the u32 sizes that add up with the header to the length.
Result<std::optional<ByteView>> TakeFrame(ByteView input, const char* what, std::size_t header_size,
                                          std::span<const std::size_t> size_fields,
                                          std::size_t* needed) {
  if (needed != nullptr) *needed = kLengthSize;
  if (input.size() < kLengthSize) return {std::nullopt};

  const std::size_t length = Load<std::uint32_t>(input, 0);
  if (length > limits::kFrameSizeMax) {
    return Error{ErrorCode::kTooLarge, fmt::format("frame of {} bytes is over the limit of {}",
                                                   length, limits::kFrameSizeMax)};
  }
  if (length < header_size) {
    return Malformed(
        fmt::format("a {} has at least {} bytes, its length says {}", what, header_size, length));
  }
  if (needed != nullptr) *needed = kLengthSize + length;

  const auto byte_at = [&](std::size_t at) { return static_cast<std::uint8_t>(input[at]); };
  if (input.size() > kMagicAt && byte_at(kMagicAt) != kMagic) {
    return Malformed(
        fmt::format("expected magic byte 0x{:02x}, got 0x{:02x}", kMagic, byte_at(kMagicAt)));
  }
  if (input.size() > kVersionAt && byte_at(kVersionAt) != kProtocolVersion) {
    return Malformed(
        fmt::format("expected protocol version {}, got {}", kProtocolVersion, byte_at(kVersionAt)));
  }
  if (input.size() < kLengthSize + header_size) return {std::nullopt};

  std::uint64_t announced = header_size;
  for (const std::size_t at : size_fields) {
    announced += Load<std::uint32_t>(input, at);
  }
  if (announced != length) {
    return Malformed(fmt::format("the parts of a {} add up to {} bytes, its length says {}", what,
                                 announced, length));
  }
  if (input.size() < kLengthSize + length) return {std::nullopt};
  return {input.substr(0, kLengthSize + length)};
}

// Cuts consecutive parts off the body of a frame.
class PartReader {
 public:
  PartReader(ByteView frame, std::size_t body_at) : frame_(frame), at_(body_at) {}

  ByteView Take(std::size_t size_field) {
    const std::size_t size = Load<std::uint32_t>(frame_, size_field);
    const ByteView part = frame_.substr(at_, size);
    at_ += size;
    return part;
  }

 private:
  const ByteView frame_;
  std::size_t at_;
};

}  // namespace

bool Fits(const RequestFrame& frame) { return LengthOf(frame) <= limits::kFrameSizeMax; }

void AppendRequest(const RequestFrame& frame, Bytes& out) {
  AEGIS_CHECK(Fits(frame), "the caller refuses what no peer would take");
  const auto redirect = frame.redirect ? kRedirectFlag : std::uint8_t{0};
  HeaderWriter<kRequestBodyAt> header;
  PutFront(header, LengthOf(frame), static_cast<std::uint8_t>(frame.command | redirect), frame.id,
           frame.key, frame.value.size(), frame.ttl_ms, frame.version);
  header.AppendTo(out);
  out.append(frame.key).append(frame.value);
}

void AppendReply(const ReplyFrame& frame, OutgoingTail tail) {
  const std::size_t length = LengthOf(frame);
  if (length > limits::kFrameSizeMax) [[unlikely]] {
    const Bytes error = ErrorText(Status::kUnknownOutcome,
                                  fmt::format("the reply of {} bytes is over the limit of {}",
                                              length, limits::kFrameSizeMax));
    AppendReply({.status = ReplyStatus::kError, .id = frame.id, .error = error}, tail);
    return;
  }
  Bytes& out = tail.bytes();
  HeaderWriter<kReplyBodyAt> header;
  PutFront(header, length, static_cast<std::uint8_t>(frame.status), frame.id, frame.key,
           frame.value.size() + frame.value_end.size(), frame.ttl_ms, frame.version);
  header.Put(static_cast<std::uint32_t>(frame.error.size()))
      .Put(static_cast<std::uint32_t>(frame.address.size()))
      .AppendTo(out);
  out.append(frame.key).append(frame.value);
  tail.Append(frame.value_end, frame.block);
  out.append(frame.error).append(frame.address);
}

Result<std::optional<RequestFrame>> DecodeRequest(ByteView input, std::size_t& consumed,
                                                  std::size_t* needed) {
  constexpr std::array kSizeFields{kKeySizeAt, kValueSizeAt};
  consumed = 0;
  const auto taken = TakeFrame(input, "request", kRequestHeaderSize, kSizeFields, needed);
  if (!taken.ok()) return taken.error();
  if (!taken.value()) return {std::nullopt};

  const ByteView frame = *taken.value();
  const auto command = Load<std::uint8_t>(frame, kCommandAt);
  PartReader parts(frame, kRequestBodyAt);
  RequestFrame request;
  request.command = static_cast<std::uint8_t>(command & ~kRedirectFlag);
  request.redirect = (command & kRedirectFlag) != 0;
  request.id = Load<std::uint64_t>(frame, kIdAt);
  request.ttl_ms = static_cast<std::int64_t>(Load<std::uint64_t>(frame, kTtlAt));
  request.version = Load<std::uint64_t>(frame, kEntryVersionAt);
  request.key = parts.Take(kKeySizeAt);
  request.value = parts.Take(kValueSizeAt);
  consumed = frame.size();
  return {request};
}

Result<std::optional<ReplyFrame>> DecodeReply(ByteView input, std::size_t& consumed,
                                              std::size_t* needed) {
  constexpr std::array kSizeFields{kKeySizeAt, kValueSizeAt, kErrorSizeAt, kAddressSizeAt};
  consumed = 0;
  const auto taken = TakeFrame(input, "reply", kReplyHeaderSize, kSizeFields, needed);
  if (!taken.ok()) return taken.error();
  if (!taken.value()) return {std::nullopt};

  const ByteView frame = *taken.value();
  const auto status = Load<std::uint8_t>(frame, kCommandAt);
  if (status > static_cast<std::uint8_t>(ReplyStatus::kVersionConflict)) {
    return Malformed(fmt::format("expected a reply status from 0 to {}, got {}",
                                 static_cast<int>(ReplyStatus::kVersionConflict), status));
  }
  PartReader parts(frame, kReplyBodyAt);
  ReplyFrame reply;
  reply.status = static_cast<ReplyStatus>(status);
  reply.id = Load<std::uint64_t>(frame, kIdAt);
  reply.ttl_ms = static_cast<std::int64_t>(Load<std::uint64_t>(frame, kTtlAt));
  reply.version = Load<std::uint64_t>(frame, kEntryVersionAt);
  reply.key = parts.Take(kKeySizeAt);
  reply.value = parts.Take(kValueSizeAt);
  reply.error = parts.Take(kErrorSizeAt);
  reply.address = parts.Take(kAddressSizeAt);
  consumed = frame.size();
  return {reply};
}

}  // namespace aegis::wire

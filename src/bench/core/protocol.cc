#include "bench/core/protocol.h"

#include <array>
#include <charconv>

#include "bench/core/number_text.h"
#include "model/limits.h"
#include "wire/native.h"

namespace aegis::bench {
namespace {

constexpr std::string_view kCrlf = "\r\n";
constexpr std::size_t kLineSizeMax = 64 * 1024;  // Longer: malformed.

using Scanned = Result<std::optional<Reply>>;

void AppendNumber(std::int64_t number, Bytes& out) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

void AppendBulk(ByteView text, Bytes& out) {
  out += '$';
  AppendNumber(static_cast<std::int64_t>(text.size()), out);
  out.append(kCrlf).append(text).append(kCrlf);
}

Error Malformed(std::string_view input) {
  std::string shown;
  for (const char c : input.substr(0, 32)) shown += c >= ' ' && c <= '~' ? c : '.';
  return {ErrorCode::kMalformed, "not a reply: '" + shown + "'"};
}

// The first line, without its end; nothing when it is incomplete.
std::optional<ByteView> LineOf(ByteView input) {
  const std::size_t end = input.substr(0, kLineSizeMax).find('\n');
  if (end == ByteView::npos || end == 0 || input[end - 1] != '\r') return std::nullopt;
  return input.substr(0, end - 1);
}

// No line, although there should be one by now, or one that ends with LF alone.
bool IsNoLine(ByteView input) {
  return input.size() >= kLineSizeMax || input.find('\n') != ByteView::npos;
}

// `head` bytes, then `size` of a value, then `tail`. The reply's size is that of all.
Scanned ScanValue(ByteView input, std::size_t head, std::size_t size, std::string_view tail) {
  const std::size_t all = head + size + tail.size();
  if (input.size() < all) return {std::nullopt};
  if (input.substr(head + size, tail.size()) != tail) return Malformed(input.substr(head + size));
  return {Reply{.kind = ReplyKind::kValue, .value = input.substr(head, size), .consumed = all}};
}

Scanned ScanResp(ByteView input) {
  const auto line = LineOf(input);
  if (!line) {
    if (IsNoLine(input)) return Malformed(input);
    return {std::nullopt};
  }
  const std::size_t head = line->size() + kCrlf.size();
  const ByteView rest = line->empty() ? ByteView() : line->substr(1);
  Reply reply{.text = rest, .consumed = head};
  switch (line->empty() ? '\0' : line->front()) {
    case '$': {
      if (rest == "-1") {
        reply.kind = ReplyKind::kMissing;
        break;
      }
      const auto size = ReadNumber<std::size_t>(rest);
      if (!size || *size > limits::kFrameSizeMax) return Malformed(input);
      return ScanValue(input, head, *size, kCrlf);
    }
    case '+':
      reply.kind = rest == "OK" ? ReplyKind::kStored : ReplyKind::kOther;
      break;
    case '_':
      reply.kind = ReplyKind::kMissing;
      break;
    case '-':
      reply.kind = ReplyKind::kError;
      break;
    case ':':
      reply.text = *line;
      break;
    default:
      return Malformed(input);
  }
  return {reply};
}

// "VALUE key flags size\r\n" data "\r\nEND\r\n"
Scanned ScanMemcachedValue(ByteView input, ByteView line) {
  const std::size_t last = line.rfind(' ');
  const auto size = ReadNumber<std::size_t>(line.substr(last + 1));
  if (!size || *size > limits::kFrameSizeMax) return Malformed(input);
  return ScanValue(input, line.size() + kCrlf.size(), *size, "\r\nEND\r\n");
}

Scanned ScanMemcached(ByteView input) {
  const auto line = LineOf(input);
  if (!line) {
    if (IsNoLine(input)) return Malformed(input);
    return {std::nullopt};
  }
  if (line->starts_with("VALUE ")) return ScanMemcachedValue(input, *line);
  Reply reply{.text = *line, .consumed = line->size() + kCrlf.size()};
  if (*line == "END") {
    reply.kind = ReplyKind::kMissing;
  } else if (*line == "STORED") {
    reply.kind = ReplyKind::kStored;
  } else if (*line == "ERROR" || line->starts_with("CLIENT_ERROR") ||
             line->starts_with("SERVER_ERROR")) {
    reply.kind = ReplyKind::kError;
  } else if (line->empty() || line->front() < 'A' || line->front() > 'Z') {
    return Malformed(input);
  }
  return {reply};
}

Scanned ScanNative(ByteView input) {
  std::size_t consumed = 0;
  const auto decoded = wire::DecodeReply(input, consumed);
  if (!decoded.ok()) return decoded.error();
  if (!decoded.value()) return {std::nullopt};
  const wire::ReplyFrame& frame = *decoded.value();
  Reply reply{.id = frame.id, .value = frame.value, .consumed = consumed};
  switch (frame.status) {
    case wire::ReplyStatus::kOk:
      reply.kind = ReplyKind::kDone;
      break;
    case wire::ReplyStatus::kNotFound:
      reply.kind = ReplyKind::kMissing;
      break;
    case wire::ReplyStatus::kError:
      reply.kind = ReplyKind::kError;
      reply.text = frame.error;
      break;
    case wire::ReplyStatus::kRedirect:
      reply.text = "REDIRECT";
      break;
    case wire::ReplyStatus::kVersionConflict:
      reply.text = "VERSION_CONFLICT";
      break;
  }
  return {reply};
}

}  // namespace

std::optional<Protocol> ReadProtocol(std::string_view name) {
  for (const Protocol each : {Protocol::kResp, Protocol::kMemcached, Protocol::kNative}) {
    if (name == NameOf(each)) return each;
  }
  return std::nullopt;
}

std::string_view NameOf(Protocol protocol) {
  switch (protocol) {
    case Protocol::kResp:
      return "resp";
    case Protocol::kMemcached:
      return "memcached";
    case Protocol::kNative:
      return "native";
  }
  return "";
}

void AppendGet(Protocol protocol, std::uint64_t id, ByteView key, Bytes& out) {
  switch (protocol) {
    case Protocol::kResp:
      out.append("*2\r\n$3\r\nGET\r\n");
      AppendBulk(key, out);
      break;
    case Protocol::kMemcached:
      out.append("get ").append(key).append(kCrlf);
      break;
    case Protocol::kNative:
      wire::AppendRequest(
          {.command = static_cast<std::uint8_t>(wire::Command::kGet), .id = id, .key = key}, out);
      break;
  }
}

void AppendSet(Protocol protocol, std::uint64_t id, ByteView key, ByteView value,
               std::int64_t ttl_ms, Bytes& out) {
  switch (protocol) {
    case Protocol::kResp:
      out.append(ttl_ms == 0 ? "*3\r\n$3\r\nSET\r\n" : "*5\r\n$3\r\nSET\r\n");
      AppendBulk(key, out);
      AppendBulk(value, out);
      if (ttl_ms != 0) {
        out.append("$2\r\nPX\r\n");
        std::array<char, 20> digits;
        const auto [end, error] =
            std::to_chars(digits.data(), digits.data() + digits.size(), ttl_ms);
        AppendBulk({digits.data(), end}, out);
      }
      break;
    case Protocol::kMemcached:
      out.append("set ").append(key).append(" 0 ");
      AppendNumber((ttl_ms + 999) / 1000, out);
      out += ' ';
      AppendNumber(static_cast<std::int64_t>(value.size()), out);
      out.append(kCrlf).append(value).append(kCrlf);
      break;
    case Protocol::kNative:
      wire::AppendRequest({.command = static_cast<std::uint8_t>(wire::Command::kSet),
                           .id = id,
                           .ttl_ms = ttl_ms,
                           .key = key,
                           .value = value},
                          out);
      break;
  }
}

Scanned ScanReply(Protocol protocol, ByteView input) {
  switch (protocol) {
    case Protocol::kResp:
      return ScanResp(input);
    case Protocol::kMemcached:
      return ScanMemcached(input);
    case Protocol::kNative:
      break;
  }
  return ScanNative(input);
}

std::string_view WrongWith(const Reply& reply, bool is_get) {
  switch (reply.kind) {
    case ReplyKind::kDone:
      return {};
    case ReplyKind::kValue:
      return is_get ? "" : "a value for a SET";
    case ReplyKind::kMissing:
      return is_get ? "" : "nothing found for a SET";
    case ReplyKind::kStored:
      return is_get ? "stored for a GET" : "";
    case ReplyKind::kError:
    case ReplyKind::kOther:
      break;
  }
  return reply.text.empty() ? "an error without a text" : reply.text;
}

}  // namespace aegis::bench

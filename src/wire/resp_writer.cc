#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "wire/resp.h"

namespace aegis::wire {
namespace {

constexpr ByteView kCrLf = "\r\n";

}  // namespace

RespWriter::RespWriter(OutgoingTail out, int version)
    : tail_(out), out_(out.bytes()), version_(version) {
  AEGIS_CHECK(version == 2 || version == 3, "HELLO admits only RESP2 and RESP3");
}

void RespWriter::Head(char type, std::int64_t number) {
  std::array<char, 24> head;
  head[0] = type;
  char* end = std::to_chars(head.data() + 1, head.data() + head.size(), number).ptr;
  end = std::copy(kCrLf.begin(), kCrLf.end(), end);
  out_.append(head.data(), end);
}

void RespWriter::Text(ByteView text) { out_.append(text).append(kCrLf); }

void RespWriter::SimpleString(ByteView text) {
  out_.push_back('+');
  Text(text);
}

void RespWriter::Error(ByteView text) {
  out_.push_back('-');
  const std::size_t start = out_.size();
  out_.append(text);
  std::replace_if(
      out_.begin() + static_cast<std::ptrdiff_t>(start), out_.end(),
      [](char c) { return c == '\r' || c == '\n'; }, ' ');
  out_.append(kCrLf);
}

void RespWriter::Integer(std::int64_t value) { Head(':', value); }

void RespWriter::Bulk(ByteView value, const Block* block) {
  Head('$', static_cast<std::int64_t>(value.size()));
  if (block == nullptr) [[likely]]
    return Text(value);
  tail_.Append(value, block);
  out_.append(kCrLf);
}

void RespWriter::Verbatim(ByteView text) {
  if (version_ == 2) return Bulk(text);
  constexpr ByteView kFormat = "txt:";
  Head('=', static_cast<std::int64_t>(kFormat.size() + text.size()));
  out_.append(kFormat);
  Text(text);
}

void RespWriter::Null() { out_.append(version_ == 2 ? "$-1\r\n" : "_\r\n"); }

void RespWriter::NullArray() { out_.append(version_ == 2 ? "*-1\r\n" : "_\r\n"); }

void RespWriter::Double(double value) {
  std::array<char, 32> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  // Without the sign that to_chars may give a NaN.
  const ByteView text = std::isnan(value) ? ByteView("nan") : ByteView(digits.data(), end);
  if (version_ == 2) return Bulk(text);
  out_.push_back(',');
  Text(text);
}

void RespWriter::Boolean(bool value) {
  if (version_ == 2) return Integer(value ? 1 : 0);
  out_.append(value ? "#t\r\n" : "#f\r\n");
}

void RespWriter::Array(std::size_t elements) { Head('*', static_cast<std::int64_t>(elements)); }

void RespWriter::Map(std::size_t pairs) {
  if (version_ == 2) return Array(2 * pairs);
  Head('%', static_cast<std::int64_t>(pairs));
}

void RespWriter::Set(std::size_t elements) {
  Head(version_ == 2 ? '*' : '~', static_cast<std::int64_t>(elements));
}

void RespWriter::Push(std::size_t elements) {
  Head(version_ == 2 ? '*' : '>', static_cast<std::int64_t>(elements));
}

}  // namespace aegis::wire

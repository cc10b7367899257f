// protobuf_fields: what the protobuf codecs on the hot path share on top of protozero.
//
// protozero reports a broken message by throwing; Guarded() ends that at the codec's border.

#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::protobuf {

// A field number with its wire type: what a decoder switches on. A known number with another
// type is as unknown as any other field, and skipped.
template <class Tag>
constexpr std::uint32_t Field(Tag tag, protozero::pbf_wire_type type) {
  return protozero::tag_and_type(static_cast<protozero::pbf_tag_type>(tag), type);
}

inline constexpr auto kVarint = protozero::pbf_wire_type::varint;
inline constexpr auto kLengthDelimited = protozero::pbf_wire_type::length_delimited;
inline constexpr auto kFixed64 = protozero::pbf_wire_type::fixed64;

// Writes fields as proto3 does: none that is default.
template <class Tag>
class FieldWriter {
 public:
  // `out` must outlive the writer.
  explicit FieldWriter(Bytes& out) : out_(out), to_(out) {}

  void Unsigned(Tag tag, std::uint64_t value) {
    if (value != 0) to_.add_uint64(Number(tag), value);
  }
  void ZigZag(Tag tag, std::int64_t value) {
    if (value != 0) to_.add_sint64(Number(tag), value);
  }
  // Of a field with presence: also what is default.
  void ZigZagPresent(Tag tag, std::int64_t value) { to_.add_sint64(Number(tag), value); }
  void UnsignedPresent(Tag tag, std::uint64_t value) { to_.add_uint64(Number(tag), value); }
  void Fixed(Tag tag, std::uint64_t value) {
    if (value != 0) to_.add_fixed64(Number(tag), value);
  }
  void Bool(Tag tag, bool value) { Unsigned(tag, value ? 1 : 0); }
  void String(Tag tag, ByteView value) {
    if (!value.empty()) to_.add_bytes(Number(tag), value.data(), value.size());
  }
  // What stands before the bytes of a String() of so many; the caller appends them.
  void StringHead(Tag tag, std::size_t size) {
    protozero::add_varint_to_buffer(&out_, Field(tag, kLengthDelimited));
    protozero::add_varint_to_buffer(&out_, size);
  }
  template <class Enum>
  void Enumerator(Tag tag, Enum value) {
    Unsigned(tag, static_cast<std::uint64_t>(value));
  }
  // A submessage: `write` appends its fields to the Bytes that it is handed. Not protozero's
  // nested writer, which leaves out a submessage without fields: in a list that is a lost element.
  template <class Write>
  void Message(Tag tag, const Write& write) {
    const std::size_t start = out_.size();
    write(out_);
    Bytes head;
    protozero::add_varint_to_buffer(&head, Field(tag, kLengthDelimited));
    protozero::add_varint_to_buffer(&head, out_.size() - start);
    out_.insert(start, head);
  }
  void PackedFixed(Tag tag, std::span<const std::uint64_t> values) {
    to_.add_packed_fixed64(Number(tag), values.begin(), values.end());
  }

 private:
  static protozero::pbf_tag_type Number(Tag tag) {
    return static_cast<protozero::pbf_tag_type>(tag);
  }

  Bytes& out_;
  protozero::pbf_writer to_;
};

// Thrown for a message that can be read but not accepted.
struct Refused {
  Error error;
};

[[noreturn]] inline void RefuseMalformed(std::string message) {
  throw Refused{{ErrorCode::kMalformed, std::move(message)}};
}
[[noreturn]] inline void RefuseTooLarge(std::string message) {
  throw Refused{{ErrorCode::kTooLarge, std::move(message)}};
}

// Runs a decoder that may throw.
template <class Decode>
auto Guarded(const char* what, const Decode& decode) -> Result<decltype(decode())> {
  try {
    return decode();
  } catch (const Refused& refused) {
    return refused.error;
  } catch (const protozero::exception& broken) {
    return Error{ErrorCode::kMalformed, fmt::format("not a {} message: {}", what, broken.what())};
  }
}

inline ByteView ReadBytes(protozero::pbf_reader& from) {
  const protozero::data_view view = from.get_view();
  return {view.data(), view.size()};
}

// protobuf truncates a varint to the field's 32 bits; so do we.
inline std::uint32_t ReadU32(protozero::pbf_reader& from) {
  return static_cast<std::uint32_t>(from.get_uint64());
}

// Not get_bool(): it looks at the first byte of the varint only.
inline bool ReadBool(protozero::pbf_reader& from) { return from.get_uint64() != 0; }

// Judged at 64 bits: a value that protobuf would truncate into the range is not in it.
template <class Enum>
Enum ReadEnum(protozero::pbf_reader& from, const char* what, Enum first, Enum last) {
  const std::uint64_t value = from.get_uint64();
  const auto low = static_cast<std::uint64_t>(first);
  const auto high = static_cast<std::uint64_t>(last);
  if (value < low || value > high) {
    RefuseMalformed(fmt::format("expected {} from {} to {}, got {}", what, low, high, value));
  }
  return static_cast<Enum>(value);
}

}  // namespace aegis::protobuf

#include "wire/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace aegis::wire {
namespace {

constexpr ByteView kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 64;

constexpr std::array<std::uint8_t, 256> MakeValues() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> kValues = MakeValues();

}  // namespace

bool DecodeBase64(ByteView text, Bytes& decoded) {
  decoded.clear();
  if (text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pad = i >= text.size() - padding;
    const std::uint8_t value = pad ? 0 : kValues[static_cast<unsigned char>(text[i])];
    if (value == kNone) return false;
    group = group << 6U | value;
    if (i % 4 < 3) continue;
    for (const unsigned shift : {16U, 8U, 0U}) {
      decoded.push_back(static_cast<char>(group >> shift & 0xffU));
    }
    group = 0;
  }
  decoded.resize(decoded.size() - padding);
  return true;
}

}  // namespace aegis::wire

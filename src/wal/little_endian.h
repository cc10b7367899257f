// Integers in the order of the log's files: least significant byte first.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "base/bytes.h"

namespace aegis::wal {

static_assert(std::endian::native == std::endian::little, "integers are copied as they lie");

template <class T>
requires std::is_unsigned_v<T>
void AppendLittleEndian(T value, Bytes& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
requires std::is_unsigned_v<T>
void StoreLittleEndian(T value, char* to) { std::memcpy(to, &value, sizeof value); }

template <class T>
requires std::is_unsigned_v<T> T LoadLittleEndian(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Takes integers off the front of some bytes; asking for more than there is makes it fail.
class Fields {
 public:
  explicit Fields(ByteView bytes) : rest_(bytes) {}

  template <class T>
  T Take() {
    if (rest_.size() < sizeof(T)) {
      failed_ = true;
      rest_ = {};
      return T{0};
    }
    const T value = LoadLittleEndian<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }

  ByteView rest() const { return rest_; }
  bool failed() const { return failed_; }
  // Everything was there, and nothing else.
  bool Finished() const { return !failed_ && rest_.empty(); }

 private:
  ByteView rest_;
  bool failed_ = false;
};

}  // namespace aegis::wal

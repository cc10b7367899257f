// Items: the keys and values of a load. What belongs to a key can be told from the key alone, so a
// value that comes back is checked without remembering what was written:
//
//   key    prefix, then the key's number in decimal digits up to the key's size: "bench:0000000042"
//   value  | number, scrambled, 8 bytes | bytes that look random |   cut off at the value's size
//
// The random bytes are cut from a pool at a place that depends on the number. Immutable.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace aegis::bench {

class Items {
 public:
  // Errors: kInvalid, when keys of that size have no room for the prefix and `keys` numbers.
  static Result<Items> Make(std::string prefix, std::size_t key_size, std::uint64_t keys,
                            std::size_t value_size_max);

  void AppendKey(std::uint64_t number, Bytes& out) const;
  // REQUIRES: size <= value_size_max.
  void AppendValue(std::uint64_t number, std::size_t size, Bytes& out) const;
  // Whether this is the beginning of what belongs to the key, of any size.
  bool Belongs(std::uint64_t number, ByteView value) const;

  std::size_t key_size() const { return prefix_.size() + digits_; }

 private:
  Items(std::string prefix, std::size_t digits, std::size_t value_size_max);

  std::string prefix_;
  std::size_t digits_;
  Bytes pool_;
};

}  // namespace aegis::bench

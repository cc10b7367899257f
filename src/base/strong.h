// Strong<Tag, Rep>: an integer that cannot be mistaken for another integer.
//
// There is no implicit conversion in either direction and no arithmetic: a ShardId plus a
// NodeId is a compile error, which is the point. Use value() at the wire and nowhere else.

#pragma once

#include <compare>

namespace aegis {

template <class Tag, class Rep>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }

  friend constexpr bool operator==(Strong, Strong) = default;
  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  Rep value_{};
};

}  // namespace aegis

// The text form of a history: JSON lines, one operation each, in any order.
//
//   {"client":1,"key":"k","op":"set","arg":"v","ok":"ok","result":"","start_ns":5,"end_ns":9}
//
//   client      a number, for people; 0 if left out
//   key         a text
//   op          get, set, add (set if absent), cas, cas_version, delete, incr, append, getdel
//   arg         what is written, added or appended, as a text; for incr a decimal number
//   expected    cas, cas_version: the value or version that must be there
//   ok          ok, not_found, conflict, unavailable, unknown: what they mean stands in operation.h
//   result      get, getdel: the value; incr: the new number; append: the new size, all as texts
//   version     optional: the key's version after the operation
//   start_ns    when the call was made, in nanoseconds of any one monotonic clock
//   end_ns      when the answer came; null or left out if it never did
//
// Empty lines are passed over; a field that is not listed here is an error, because a misspelled
// one would silently weaken the check. Pure functions.

#pragma once

#include <string>
#include <variant>

#include "linearizability/operation.h"

namespace aegis::linearizability {

// The history, or what is wrong with the text and in which line.
std::variant<History, std::string> ParseHistory(const std::string& text);

}  // namespace aegis::linearizability

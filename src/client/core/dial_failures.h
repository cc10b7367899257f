// DialFailures: why servers could not be connected to the last time, for error messages.
//
// Pure; owned by the dispatcher.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace aegis::client {

class DialFailures {
 public:
  // `why` names the address.
  void Note(const std::string& address, ByteView why) { reasons_[address] = why; }
  void Forget(const std::string& address) { reasons_.erase(address); }
  // Forgets all others.
  void Keep(const std::vector<std::string>& addresses);

  // " (reason; reason; 3 more)" of these; empty: none is known.
  std::string Of(const std::vector<std::string>& addresses) const;

 private:
  std::map<std::string, std::string> reasons_;  // By address.
};

}  // namespace aegis::client

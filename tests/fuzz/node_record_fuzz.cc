// Any bytes as node.json are a record or an error; a record is written as it is read.

#include <cstddef>
#include <cstdint>

#include "invariant.h"
#include "node/runtime/node_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using aegis::node::NodeRecord;
  const auto record = NodeRecord::Parse({reinterpret_cast<const char*>(data), size});
  if (!record.ok()) {
    Require(!record.error().message.empty());
    return 0;
  }
  Require(record.value().settings.born());
  const auto again = NodeRecord::Parse(record.value().ToText());
  Require(again.ok() && again.value() == record.value());
  return 0;
}

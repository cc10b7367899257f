// BatchCost: what the operations of a batch would store and show, at most, as the table stands.
//
// Whoever runs a batch asks before, so that nothing of it is done if all of it is too much, and so
// that the room for all of it can be made at once. Bounds, not forecasts: a value that an operation
// may make larger is as large as it can be from then on, and none becomes smaller.

#pragma once

#include <cstddef>
#include <map>
#include <span>

#include "base/bytes.h"
#include "model/operation.h"
#include "store/table.h"

namespace aegis::node {

class BatchCost {
 public:
  // The operations and their keys outlive this only as long as the constructor runs.
  BatchCost(store::Table& table, std::span<const Operation> operations);

  std::size_t stored() const { return stored_; }  // Bytes of records.
  std::size_t room() const { return room_; }      // Bytes of items; 0: it stores none.
  std::size_t shown() const { return shown_; }    // Bytes of values.

 private:
  using Sizes = std::map<ByteView, std::size_t>;

  void Add(store::Table& table, const Operation& operation, Sizes& sizes);
  void Store(ByteView key, std::size_t size, Sizes& sizes);
  void Keep(ByteView key, std::size_t size, Sizes& sizes);  // It is here already.
  void Remove(ByteView key);

  std::size_t stored_ = 0;
  std::size_t room_ = 0;
  std::size_t shown_ = 0;
};

// Of the value that an operation with ShowsValue() shows, if its key's has so many bytes.
std::size_t SizeShown(const Operation& operation, std::size_t size);

}  // namespace aegis::node

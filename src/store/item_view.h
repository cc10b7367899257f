// ItemView: an item as it is shown, and ItemValue, as it is put: see Table.

#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/time.h"
#include "model/block.h"
#include "model/version.h"
#include "store/item.h"

namespace aegis::store {

// What an item is, apart from its key. Views borrow.
struct ItemValue {
  Version version;
  std::int64_t expires_at = 0;  // Unix ms; 0: never.
  std::uint32_t client_flags = 0;
  bool tombstone = false;
  ByteView value;
  // What the value lies in. Of one to be put: the table holds that rather than a copy, if the value
  // is large enough.
  const Block* block = nullptr;
};

// A borrowed look at an item; valid until the table changes.
struct ItemView : ItemValue {
  ByteView key;

  bool ExpiredAt(UnixMs now) const { return expires_at != 0 && expires_at <= now.value; }
};

inline ItemView ViewOf(const Item& item) {
  ItemView view;
  view.version = Version::Unpack(item.version);
  view.expires_at = item.expires_at();
  view.client_flags = item.client_flags();
  view.tombstone = item.tombstone != 0;
  view.value = item.value();
  view.block = item.block();
  view.key = item.key();
  return view;
}

}  // namespace aegis::store

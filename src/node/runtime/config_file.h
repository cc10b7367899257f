// The configuration file: YAML, and so also JSON. One mapping of names to scalars or to lists of
// scalars; anchors, aliases, tags and nested mappings have no use here and are errors.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aegis::node {

struct FileEntry {
  std::string key;
  std::string value;  // A list's items are joined by commas.
  bool is_list = false;
  std::size_t line = 0;  // Of the key, from 1.
};

inline constexpr std::size_t kConfigFileSizeMax = 1 << 20;  // Larger: an error.

// In the order of the file, duplicates included. An empty file has no entries. Errors: kInvalid,
// "NAME:LINE: what is wrong".
Result<std::vector<FileEntry>> ParseConfigFile(std::string_view text, std::string_view name);

}  // namespace aegis::node

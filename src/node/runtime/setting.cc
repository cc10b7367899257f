#include "node/runtime/setting.h"

#include <algorithm>
#include <cctype>

namespace aegis::node {

std::string Setting::Variable() const {
  std::string name = "AEGIS_";
  for (const char c : flag) {
    name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  return name;
}

std::string Setting::FileKey() const {
  std::string key = flag;
  std::ranges::replace(key, '-', '_');
  return key;
}

std::string Setting::DefaultText() const {
  if (!default_text.empty()) return default_text;
  return render(Config{});
}

}  // namespace aegis::node

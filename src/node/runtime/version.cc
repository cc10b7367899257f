#include "node/runtime/version.h"

namespace aegis::node {

std::string_view SoftwareVersion() { return AEGIS_VERSION; }

}  // namespace aegis::node

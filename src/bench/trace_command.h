// `aegis-bench trace`: cache traces against the node's table and textbook policies. Talks to no
// cluster.

#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace aegis::bench {

// `arguments` are those after "trace". Returns the exit status: 0: the figures are on `out`. 1: a
// trace could not be read or replayed, or the figures could not be written. 2: the command is
// wrong. Why stands on `err`.
int RunTraceCommand(const std::vector<std::string>& arguments, std::ostream& out,
                    std::ostream& err);

}  // namespace aegis::bench

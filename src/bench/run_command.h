// `aegis-bench run`: its command line, its report, its exit status.

#pragma once

namespace aegis::bench {

// `argv[0]` is the word "run".
int RunCommand(int argc, char** argv);

}  // namespace aegis::bench

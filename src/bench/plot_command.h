// `aegis-bench plot`: reports of several runs, compared in one SVG.

#pragma once

namespace aegis::bench {

// `argv[0]` is the word "plot". 0: drawn; 2: the command is wrong, or a file cannot be read or
// written.
int PlotCommand(int argc, char** argv);

}  // namespace aegis::bench

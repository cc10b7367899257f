// Keeps the tables in the documents equal to the code.
//
//     reference_tables flags|metrics                print the table
//     reference_tables flags|metrics check FILE     exit 1 unless FILE has it between its marks
//     reference_tables flags|metrics write FILE     put it there
//     reference_tables metrics sample               print metrics as /metrics shows them
//
// The marks are the lines <!-- flags:begin --> and <!-- flags:end -->, and the same for metrics.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "node/runtime/command_line.h"
#include "node/runtime/metrics.h"

namespace {

int Fail(const std::string& why) {
  std::fprintf(stderr, "reference_tables: %s\n", why.c_str());
  return 1;
}

std::string Contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what != "flags" && what != "metrics") return Fail("which table: flags or metrics?");
  const std::string table =
      what == "flags" ? aegis::node::FlagsAsMarkdown() : aegis::node::MetricsAsMarkdown();
  const std::string action = argc > 2 ? argv[2] : "print";
  if (action == "print") return std::fputs(table.c_str(), stdout) < 0 ? 1 : 0;
  if (action == "sample" && what == "metrics") {
    const std::string text = aegis::node::RenderMetrics(aegis::node::SampleMetrics());
    return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
  }
  if ((action != "check" && action != "write") || argc != 4) return Fail("check or write a FILE");

  const std::string path = argv[3];
  std::string text = Contents(path);
  const std::string begin_mark = "<!-- " + what + ":begin -->\n";
  const auto begin = text.find(begin_mark);
  const auto end = text.find("<!-- " + what + ":end -->");
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    return Fail(path + " has no line " + begin_mark);
  }
  const auto table_begin = begin + begin_mark.size();
  if (text.substr(table_begin, end - table_begin) == table) return 0;
  if (action == "check") {
    return Fail(path + " is out of date; run: reference_tables " + what + " write " + path);
  }
  text.replace(table_begin, end - table_begin, table);
  std::ofstream out(path, std::ios::binary);
  out << text << std::flush;
  return out ? 0 : Fail(path + " cannot be written");
}

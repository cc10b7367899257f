// Keeps the table in docs/METRICS.md equal to the code.
//
//     metrics_reference check FILE     exit 1 unless FILE has the table between its marks
//     metrics_reference write FILE     put it there
//     metrics_reference sample         print every metric as /metrics shows it
//
// The marks are the lines <!-- metrics:begin --> and <!-- metrics:end -->.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "node/runtime/metrics.h"

namespace {

int Fail(const std::string& why) {
  std::fprintf(stderr, "metrics_reference: %s\n", why.c_str());
  return 1;
}

std::string Contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string action = argc > 1 ? argv[1] : "";
  if (action == "sample" && argc == 2) {
    const std::string text = aegis::node::RenderMetrics(aegis::node::SampleMetrics());
    return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
  }
  if ((action != "check" && action != "write") || argc != 3) return Fail("check or write a FILE");

  const std::string path = argv[2];
  const std::string table = aegis::node::MetricsAsMarkdown();
  const std::string begin_mark = "<!-- metrics:begin -->\n";
  std::string text = Contents(path);
  const auto begin = text.find(begin_mark);
  const auto end = text.find("<!-- metrics:end -->");
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    return Fail(path + " has no line " + begin_mark);
  }
  const auto table_begin = begin + begin_mark.size();
  if (text.substr(table_begin, end - table_begin) == table) return 0;
  if (action == "check") {
    return Fail(path + " is out of date; run: metrics_reference write " + path);
  }
  text.replace(table_begin, end - table_begin, table);
  std::ofstream out(path, std::ios::binary);
  out << text << std::flush;
  return out ? 0 : Fail(path + " cannot be written");
}

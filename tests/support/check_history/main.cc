// aegis-check-history FILE: is the recorded history linearizable?
//
// Exit status: 0 it is; 1 it is not, and why stands on stdout; 2 no verdict: the file cannot be
// read or the check gave up.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "check_history/history_lines.h"
#include "linearizability/checker.h"

namespace {

namespace lin = aegis::linearizability;

constexpr int kLinearizable = 0;
constexpr int kNotLinearizable = 1;
constexpr int kNoVerdict = 2;

int CheckFile(const std::string& path, const lin::CheckLimits& limits) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || (file.peek() != std::ifstream::traits_type::eof() && !(text << file.rdbuf()))) {
    std::cerr << path << ": cannot be read\n";
    return kNoVerdict;
  }
  const auto parsed = lin::ParseHistory(text.str());
  if (const auto* const mistake = std::get_if<std::string>(&parsed)) {
    std::cerr << path << ": " << *mistake << '\n';
    return kNoVerdict;
  }
  const lin::Report report = lin::Check(std::get<lin::History>(parsed), limits);
  const std::string size = std::to_string(report.operations) + " operations on " +
                           std::to_string(report.keys) + " keys, " + std::to_string(report.states) +
                           " states visited";
  switch (report.verdict) {
    case lin::Verdict::kLinearizable:
      std::cout << "linearizable: " << size << '\n';
      return kLinearizable;
    case lin::Verdict::kNotLinearizable:
      std::cout << "NOT linearizable: " << size << "\n\n" << report.explanation;
      return kNotLinearizable;
    case lin::Verdict::kGaveUp:
      std::cout << "no verdict: " << size << "\n\n" << report.explanation;
      return kNoVerdict;
  }
  return kNoVerdict;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Checks whether a recorded history of single-key operations is linearizable.");
  std::string path;
  lin::CheckLimits limits;
  app.add_option("file", path, "JSON lines; the fields stand in check_history/history_lines.h")
      ->required();
  app.add_option("--states-per-key-max", limits.states_per_key_max,
                 "Give up on a key after this many states")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kLinearizable : kNoVerdict;
  }
  return CheckFile(path, limits);
}

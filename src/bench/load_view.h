// How a load's progress and report are shown to people and to programs.

#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "bench/load.h"

namespace aegis::bench {

// An aligned table.
std::string ToText(const LoadReport& report);

// One JSON object; latencies in microseconds.
std::string ToJson(const LoadReport& report);

// "  load  [########............]  40 %  1,234,567 calls"
std::string ProgressLine(const std::string& phase, double fraction, std::uint64_t answered);

// Draws the progress on one line that overwrites itself.
class ProgressBar {
 public:
  explicit ProgressBar(std::ostream& out) : out_(out) {}
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Show(const std::string& phase, double fraction, std::uint64_t answered);
  void Clear();

 private:
  std::ostream& out_;
  bool drawn_ = false;
};

}  // namespace aegis::bench

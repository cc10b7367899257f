#include "bench/output_file.h"

#include <fstream>
#include <iostream>

namespace aegis::bench {

bool WriteOutput(const std::string& file, const std::string& text) {
  if (file == "-") {
    std::cout << text << std::flush;
    return std::cout.good();
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) std::cerr << "aegis-bench: cannot write " << file << '\n';
  return out.good();
}

}  // namespace aegis::bench

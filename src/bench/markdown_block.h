// MarkdownBlock: a part of a Markdown file that a program writes, between two comment lines.
//
//     <!-- ring:begin -->
//     ...
//     <!-- ring:end -->
//
// Everything outside the two lines is the authors' and stays as it is.

#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace aegis::bench {

// Replaces what stands between the markers of `name`, or appends markers and content if the file
// has none. Creates the file if it is missing. False: it could not be written.
inline bool WriteMarkdownBlock(const std::filesystem::path& file, const std::string& name,
                               const std::string& content) {
  const std::string begin = "<!-- " + name + ":begin -->\n";
  const std::string end = "<!-- " + name + ":end -->\n";
  std::string text;
  if (std::ifstream in(file, std::ios::binary); in) {
    text.assign(std::istreambuf_iterator<char>(in), {});
  }

  const std::string block = begin + content + end;
  const std::size_t first = text.find(begin);
  const std::size_t last = first == std::string::npos ? first : text.find(end, first);
  if (last != std::string::npos) {
    text.replace(first, last + end.size() - first, block);
  } else {
    if (!text.empty() && text.back() != '\n') text += '\n';
    if (!text.empty()) text += '\n';
    text += block;
  }

  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  return out.good();
}

}  // namespace aegis::bench

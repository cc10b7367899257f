// Table: rows of text in columns that line up.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aegis::cli {

class Table {
 public:
  enum class Align : std::uint8_t { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Missing cells are empty. REQUIRES: not more cells than columns.
  void Add(std::vector<std::string> cells);

  // The titles and the rows, two spaces between columns, none at the ends of lines.
  std::string Render() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// What a terminal can show of arbitrary bytes: printable UTF-8 as it is, the rest as \xNN, and
// "..." instead of what is beyond `size_max` bytes.
std::string Printable(std::string_view bytes, std::size_t size_max = 60);

// All of it, with newlines and tabs as they are.
std::string PrintableLines(std::string_view bytes);

// Whether the bytes are well-formed UTF-8 (RFC 3629).
bool IsUtf8(std::string_view bytes);

}  // namespace aegis::cli

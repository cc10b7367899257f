#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/check.h"

namespace aegis::cli {
namespace {

// Characters, not bytes.
std::size_t WidthOf(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// Bytes of the well-formed UTF-8 sequence at the front; 0: there is none.
std::size_t SequenceAt(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0U) != 0x80) return 0;
  }
  const unsigned char second = at(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool beyond = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond ? 0 : size;
}

// A control character of ASCII, or of the upper half of Latin-1, which terminals obey, too.
bool IsControl(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

// What Printable() says, with the characters of `kept` as they are.
std::string Escape(std::string_view bytes, std::size_t size_max, std::string_view kept) {
  std::string text;
  std::size_t at = 0;
  while (at < bytes.size() && at < size_max) {
    const std::size_t size = SequenceAt(bytes.substr(at));
    const std::string_view sequence = bytes.substr(at, std::max<std::size_t>(size, 1));
    const bool keep = sequence.size() == 1 && kept.find(sequence[0]) != std::string_view::npos;
    if (keep || (size > 0 && !IsControl(sequence))) {
      text += sequence;
    } else {
      for (const char c : sequence) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    at += sequence.size();
  }
  return at < bytes.size() ? text + "..." : text;
}

}  // namespace

void Table::Add(std::vector<std::string> cells) {
  AEGIS_CHECK(cells.size() <= columns_.size(), "a row fits its table");
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::Render() const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(WidthOf(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  std::string text;
  const auto add_line = [&](const auto& cell_at) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string& cell = cell_at(i);
      const std::string padding(widths[i] - WidthOf(cell), ' ');
      if (i > 0) line += "  ";
      line += columns_[i].align == Align::kRight ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add_line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) -> const std::string& { return row[i]; });
  }
  return text;
}

std::string Printable(std::string_view bytes, std::size_t size_max) {
  return Escape(bytes, size_max, "");
}

std::string PrintableLines(std::string_view bytes) { return Escape(bytes, bytes.size(), "\n\t"); }

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = SequenceAt(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

}  // namespace aegis::cli

// The documents lead to each other, and what a command wrote stands below that command.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace aegis::tidy {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = AEGIS_SOURCE_DIR;

std::string Text(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> Documents() {
  std::vector<fs::path> documents = {kRoot / "README.md"};
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  }
  return documents;
}

// What the links of a document lead to, but for the web.
std::vector<std::string> Links(const std::string& text) {
  static const std::regex link(R"(\]\(([^)\s]+)\))");
  std::vector<std::string> links;
  for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at) {
    if (!at->str(1).starts_with("http")) links.push_back(at->str(1));
  }
  return links;
}

// The name that a heading has in links: "## What it does" is "#what-it-does".
std::string Anchor(const std::string& heading) {
  std::string anchor = "#";
  for (const char c : heading.substr(heading.find(' ') + 1)) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0 || c == '-') anchor += static_cast<char>(std::tolower(letter));
    if (c == ' ') anchor += '-';
  }
  return anchor;
}

bool HasAnchor(const std::string& text, const std::string& anchor) {
  static const std::regex heading("(^|\n)(#+ [^\n]+)");
  for (std::sregex_iterator at(text.begin(), text.end(), heading), end; at != end; ++at) {
    if (Anchor(at->str(2)) == anchor) return true;
  }
  return false;
}

TEST(DocumentsTest, EveryLinkLeadsSomewhere) {
  for (const fs::path& document : Documents()) {
    for (const std::string& link : Links(Text(document))) {
      const std::string path = link.substr(0, link.find('#'));
      const fs::path target = path.empty() ? document : document.parent_path() / path;
      EXPECT_TRUE(fs::exists(target)) << document << " links " << link;
      if (const auto anchor = link.find('#'); anchor != std::string::npos) {
        EXPECT_TRUE(HasAnchor(Text(target), link.substr(anchor))) << document << " links " << link;
      }
    }
  }
}

TEST(DocumentsTest, ReadmeLeadsToAllOfThem) {
  const std::vector<std::string> links = Links(Text(kRoot / "README.md"));
  for (const auto& entry : fs::directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() == ".svg") continue;  // Shown by the documents.
    const std::string path = "docs/" + entry.path().filename().string();
    EXPECT_NE(std::ranges::find(links, path), links.end()) << path;
  }
}

TEST(DocumentsTest, EveryPictureIsShownByADocument) {
  std::string all;
  for (const fs::path& document : Documents()) all += Text(document);
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() != ".svg") continue;
    const std::string name = entry.path().filename().string();
    EXPECT_NE(all.find(name + ")"), std::string::npos) << entry.path();
  }
}

TEST(DocumentsTest, NoEmptyLineCutsATable) {
  // Rows, an empty line, and more rows that no head of their own begins.
  static const std::regex cut("\n\\|[^\n]*\n\n(\\|[^\n]*)\n(?!\\| ?-)");
  for (const fs::path& document : Documents()) {
    const std::string text = Text(document);
    std::smatch row;
    EXPECT_FALSE(std::regex_search(text, row, cut)) << document << ": " << row.str(1);
  }
}

TEST(DocumentsTest, EveryMeasuredTableHasAHeadingAndTheCommandThatMakesIt) {
  const std::string text = Text(kRoot / "docs/BENCHMARKS.md");
  const std::string makefile = Text(kRoot / "Makefile");
  static const std::regex block("<!-- ([a-z]+):begin -->\n");
  static const std::regex introduced("\n## [^\n]+\n\n`make ([a-z-]+)`\n\n$");
  int blocks = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), block), end; at != end; ++at, ++blocks) {
    const std::string before = text.substr(0, static_cast<std::size_t>(at->position()));
    std::smatch command;
    ASSERT_TRUE(std::regex_search(before, command, introduced)) << at->str(1);
    EXPECT_NE(makefile.find("\n" + command.str(1) + ":"), std::string::npos) << command.str(1);
  }
  EXPECT_GE(blocks, 2);
}

}  // namespace
}  // namespace aegis::tidy

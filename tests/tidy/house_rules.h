// The house rules that no compiler checks, as functions from a source tree to what breaks them.
//
// tests/tidy/tidy_test.cc holds them against this repository; house_rules_test.cc holds them
// against small trees that break one rule each, because a checker never seen to fail proves
// nothing. A finding is one line for people: where, what, and what to do instead.

#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace aegis::tidy {

using Findings = std::vector<std::string>;

struct Layer {
  bool pure = false;
  std::set<std::string> may_include;
};

// One checked-out source tree. Not thread-safe; reads files anew at every call.
class Tree {
 public:
  explicit Tree(std::filesystem::path root) : root_(std::move(root)) {}

  // src/LAYERS itself: known kinds, no module twice, only names of lines above.
  Findings LayersThatNameHigherOnes() const;

  // #include lines under src and include that src/LAYERS does not allow.
  Findings IncludesAgainstLayers() const;

  // aegis_module(... DEPS ...) and target_link_libraries that src/LAYERS does not allow.
  Findings LinksAgainstLayers() const;

  // Sockets, clocks, threads, locks and global randomness named by a pure module.
  Findings OutsideWorldInPureModules() const;

  // Headers without an opening comment, or without #pragma once right after it.
  Findings HeadersThatDoNotIntroduceThemselves() const;

  // Sources under src whose first #include is not their own header, which therefore might not
  // compile alone.
  Findings SourcesThatDoNotBeginWithTheirHeader() const;

  // Code lines over 100 columns, counted in characters, not bytes.
  Findings LongLines() const;

  // *_test.cc and *_fuzz.cc files that their folder's CMakeLists.txt does not name.
  Findings TestsThatAreNeverBuilt() const;

  // Tests switched off or skipped, and sleeps where no real process is waited for.
  Findings TestsThatDoNotTest() const;

  // Words of unfinished work, paths of one machine, hosts of package registries.
  Findings WordsThatDoNotBelong() const;

 private:
  using Layers = std::map<std::string, Layer>;

  std::vector<std::string> Lines(const std::filesystem::path& file) const;
  Layers ReadLayers(Findings& findings) const;

  // Sorted paths relative to the root, so that findings come in the same order everywhere. Build
  // directories and what tools leave behind are not part of the tree.
  std::vector<std::filesystem::path> Files(const std::string& folder) const;

  std::filesystem::path root_;
};

}  // namespace aegis::tidy

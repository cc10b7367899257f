#include "house_rules.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace aegis::tidy {
namespace {

namespace fs = std::filesystem;

// A pattern and what to do instead.
struct Banned {
  std::regex pattern;
  std::string remedy;
};

const std::vector<Banned>& BannedInPureModules() {
  static const std::vector<Banned> banned = {
      {std::regex(R"(\basio\b|<sys/|<netinet/|<unistd\.h>)"),
       "return an effect; node/runtime does the I/O"},
      {std::regex(R"(_clock::now|\bclock_gettime\b)"), "take `TimePoint now` as a parameter"},
      {std::regex(R"(\bstd::(this_thread|thread|jthread|async)\b|\bsleep_for\b|\bpthread_)"),
       "one owner, one thread: threads live in the shells; return a deadline"},
      {std::regex(R"(\bstd::(shared_|recursive_|timed_)?mutex\b|\bstd::condition_variable)"),
       "pure classes have one owner and need no lock"},
      {std::regex(R"(\bstd::random_device\b|\bs?rand\(\))"), "take `Rng& rng` as a parameter"},
      {std::regex(R"(\bstd::unordered_(multi)?(map|set)\b)"),
       "its order is unspecified: std::map or a sorted vector"},
      {std::regex(R"(\bgetenv\b|\bstd::[io]?fstream\b|\bstd::filesystem\b)"),
       "the shell reads files and the environment"},
  };
  return banned;
}

// Each word is written in two halves: this file obeys the rule that it states.
const std::vector<Banned>& BannedEverywhere() {
  static const std::vector<Banned> banned = {
      {std::regex("\\b(TO"
                  "DO|FIX"
                  "ME|X"
                  "XX|HA"
                  "CK|W"
                  "IP)\\b"),
       "finish it, or open an issue"},
      {std::regex("not imple"
                  "mented|unimple"
                  "mented|\\bplace"
                  "holder",
                  std::regex::icase),
       "finish it, or leave it out"},
      {std::regex("(^|[\\s\"'=(:`])/(ro"
                  "ot|wo"
                  "rk|ho"
                  "me|tm"
                  "p)(/|\\b)"),
       "a path of one machine: make it relative, or ask for a temporary directory"},
      {std::regex("(deb\\.deb"
                  "ian|registry\\.np"
                  "mjs|py"
                  "pi|pythonho"
                  "sted|cra"
                  "tes|gh"
                  "cr"
                  "|gc"
                  "r|qu"
                  "ay|ruby"
                  "gems|nodeso"
                  "urce|registry-1\\.dock"
                  "er)\\.(org|io|com)"),
       "no host of a package registry: the machine knows its sources"},
  };
  return banned;
}

bool HasExtension(const fs::path& file, std::initializer_list<const char*> extensions) {
  return std::ranges::find(extensions, file.extension()) != extensions.end();
}

// "node/core/router.h" -> "node/core"; "base/time.h" -> "base".
std::string ModuleOf(const fs::path& path) { return path.parent_path().generic_string(); }

std::string At(const fs::path& file, std::size_t line_index) {
  return file.generic_string() + ":" + std::to_string(line_index + 1) + ": ";
}

std::string WithoutComment(const std::string& line) { return line.substr(0, line.find("//")); }

std::size_t Columns(const std::string& utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

// The words of one CMake call at a time: "name(a b c)" -> {"name", "a", "b", "c"}.
std::vector<std::vector<std::string>> CMakeCalls(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line.substr(0, line.find('#')) + ' ';
  static const std::regex call(R"(([A-Za-z_]+)\s*\(([^()]*)\))");
  std::vector<std::vector<std::string>> calls;
  for (std::sregex_iterator it(text.begin(), text.end(), call), end; it != end; ++it) {
    std::vector<std::string> words = {(*it)[1]};
    std::istringstream in((*it)[2]);
    for (std::string word; in >> word;) words.push_back(word);
    calls.push_back(std::move(words));
  }
  return calls;
}

// Modules that one CMake call links to the module `target`, by the names of src/LAYERS.
struct Links {
  std::string module;
  std::vector<std::string> to;
};

Links LinksOf(const std::vector<std::string>& call,
              const std::map<std::string, std::string>& by_target) {
  Links links;
  if (call.size() < 2) return links;
  if (call[0] == "aegis_module") {
    links.module = call[1];
    const auto deps = std::ranges::find(call, "DEPS");
    for (auto word = deps; word != call.end(); ++word) {
      if (*word == "LINK" || *word == "SOURCES" || *word == "HEADERS") break;
      if (word != deps) links.to.push_back(*word);
    }
  }
  if (call[0] == "target_link_libraries" && by_target.contains(call[1])) {
    links.module = by_target.at(call[1]);
  }
  for (const std::string& word : call) {
    if (word == call[1] || !by_target.contains(word)) continue;
    if (!links.module.empty()) links.to.push_back(by_target.at(word));
  }
  return links;
}

}  // namespace

std::vector<std::string> Tree::Lines(const fs::path& file) const {
  std::ifstream in(root_ / file);
  if (!in) throw std::runtime_error("cannot read " + (root_ / file).generic_string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<fs::path> Tree::Files(const std::string& folder) const {
  std::set<fs::path> files;
  const auto is_foreign = [](const std::string& name) {
    return name == ".git" || name == "build" || name.starts_with("build-") || name == "data" ||
           name == "node_modules" || name == "__pycache__";
  };
  if (!fs::exists(root_ / folder)) return {};
  for (auto it = fs::recursive_directory_iterator(root_ / folder);
       it != fs::recursive_directory_iterator(); ++it) {
    if (is_foreign(it->path().filename().string())) {
      it.disable_recursion_pending();  // In a work tree of git, .git is a file.
    } else if (it->is_regular_file()) {
      files.insert(fs::relative(it->path(), root_));
    }
  }
  return {files.begin(), files.end()};
}

Tree::Layers Tree::ReadLayers(Findings& findings) const {
  Layers layers;
  const fs::path file = "src/LAYERS";
  const std::vector<std::string> lines = Lines(file);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::istringstream in(lines[i].substr(0, lines[i].find('#')));
    std::string module, kind, colon, dependency;
    if (!(in >> module)) continue;
    in >> kind >> colon;
    if ((kind != "pure" && kind != "shell") || colon != ":") {
      findings.push_back(At(file, i) + "expected `module pure|shell : modules`");
      continue;
    }
    Layer layer{.pure = kind == "pure", .may_include = {}};
    while (in >> dependency) {
      if (!layers.contains(dependency)) {
        findings.push_back(At(file, i) + module + " names " + dependency +
                           ", which no line above declares");
      } else if (layer.pure && !layers.at(dependency).pure) {
        findings.push_back(At(file, i) + module + " is pure and " + dependency + " is not");
      }
      layer.may_include.insert(dependency);
    }
    if (!layers.emplace(module, layer).second) {
      findings.push_back(At(file, i) + module + " has a line already");
    }
  }
  return layers;
}

Findings Tree::LayersThatNameHigherOnes() const {
  Findings findings;
  ReadLayers(findings);
  return findings;
}

Findings Tree::IncludesAgainstLayers() const {
  static const std::regex include(R"re(^\s*#\s*include\s+(["<])([^">]+)[">])re");
  Findings findings;
  const Layers layers = ReadLayers(findings);
  std::vector<fs::path> files = Files("src");
  std::ranges::copy(Files("include"), std::back_inserter(files));
  for (const fs::path& file : files) {
    if (!HasExtension(file, {".h", ".cc", ".c"})) continue;
    // include/aegis/client.h is of module "aegis", as its includers spell it.
    const std::string module = ModuleOf(file.lexically_relative(*file.begin()));
    if (!layers.contains(module)) {
      findings.push_back(file.generic_string() + ": src/LAYERS has no line for " + module);
      continue;
    }
    const std::vector<std::string> lines = Lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(lines[i], match, include)) continue;
      const std::string target = ModuleOf(match[2].str());
      const bool is_ours = match[1] == "\"" || layers.contains(target);
      if (!is_ours || target == module || layers.at(module).may_include.contains(target)) continue;
      findings.push_back(At(file, i) + module + " may not include " +
                         (target.empty() ? "a path without its module" : target));
    }
  }
  return findings;
}

Findings Tree::LinksAgainstLayers() const {
  Findings findings;
  const Layers layers = ReadLayers(findings);
  std::map<std::string, std::string> by_target;
  for (const auto& [module, layer] : layers) {
    std::string target = "aegis_" + module;
    std::ranges::replace(target, '/', '_');
    by_target[target] = module;
  }
  for (const fs::path& file : Files("src")) {
    if (file.filename() != "CMakeLists.txt") continue;
    for (const std::vector<std::string>& call : CMakeCalls(Lines(file))) {
      const Links links = LinksOf(call, by_target);
      if (links.module.empty()) continue;
      if (!layers.contains(links.module)) {
        findings.push_back(file.generic_string() + ": src/LAYERS has no line for " + links.module);
        continue;
      }
      for (const std::string& to : links.to) {
        if (layers.at(links.module).may_include.contains(to)) continue;
        findings.push_back(file.generic_string() + ": " + links.module + " may not link " + to);
      }
    }
  }
  return findings;
}

Findings Tree::OutsideWorldInPureModules() const {
  Findings findings;
  const Layers layers = ReadLayers(findings);
  for (const fs::path& file : Files("src")) {
    const auto layer = layers.find(ModuleOf(file.lexically_relative("src")));
    if (!HasExtension(file, {".h", ".cc", ".c"}) || layer == layers.end()) continue;
    if (!layer->second.pure) continue;
    const std::vector<std::string> lines = Lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::string code = WithoutComment(lines[i]);
      for (const Banned& banned : BannedInPureModules()) {
        std::smatch match;
        if (!std::regex_search(code, match, banned.pattern)) continue;
        findings.push_back(At(file, i) + "a pure module names " + match.str() + ": " +
                           banned.remedy);
      }
    }
  }
  return findings;
}

Findings Tree::HeadersThatDoNotIntroduceThemselves() const {
  Findings findings;
  for (const char* folder : {"src", "include", "tests", "bench", "examples"}) {
    for (const fs::path& file : Files(folder)) {
      if (file.extension() != ".h") continue;
      const std::vector<std::string> lines = Lines(file);
      if (lines.empty() || !lines.front().starts_with("// ")) {
        findings.push_back(file.generic_string() +
                           ": begin with a comment: what it is, who may call it, what holds");
        continue;
      }
      const auto first_code = std::ranges::find_if(
          lines, [](const std::string& line) { return !line.empty() && !line.starts_with("//"); });
      if (first_code == lines.end() || *first_code != "#pragma once") {
        findings.push_back(file.generic_string() + ": after its comment comes #pragma once");
      }
    }
  }
  return findings;
}

Findings Tree::SourcesThatDoNotBeginWithTheirHeader() const {
  Findings findings;
  for (const fs::path& file : Files("src")) {
    fs::path header = file;
    if (file.extension() != ".cc" || !fs::exists(root_ / header.replace_extension(".h"))) continue;
    const std::string own = "#include \"" + header.lexically_relative("src").generic_string() + '"';
    const std::vector<std::string> lines = Lines(file);
    const auto first = std::ranges::find_if(
        lines, [](const std::string& line) { return line.starts_with("#include"); });
    if (first == lines.end() || *first != own) {
      findings.push_back(file.generic_string() + ": the first include is " + own);
    }
  }
  return findings;
}

Findings Tree::LongLines() const {
  constexpr std::size_t kColumnsMax = 100;
  Findings findings;
  for (const fs::path& file : Files(".")) {
    if (!HasExtension(file, {".h", ".cc", ".c", ".proto", ".cmake", ".py"}) &&
        file.filename() != "CMakeLists.txt") {
      continue;
    }
    const std::vector<std::string> lines = Lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (Columns(lines[i]) <= kColumnsMax) continue;
      findings.push_back(At(file, i) + std::to_string(Columns(lines[i])) + " columns; at most 100");
    }
  }
  return findings;
}

Findings Tree::TestsThatAreNeverBuilt() const {
  Findings findings;
  for (const fs::path& file : Files("tests")) {
    const std::string name = file.filename().string();
    if (!name.ends_with("_test.cc") && !name.ends_with("_fuzz.cc")) continue;
    const fs::path list = file.parent_path() / "CMakeLists.txt";
    bool listed = false;
    if (fs::exists(root_ / list)) {
      for (const std::vector<std::string>& call : CMakeCalls(Lines(list))) {
        // Either the file, or the name that aegis_fuzz() makes it from.
        listed = listed || std::ranges::any_of(call, [&](const std::string& word) {
                   return word == name || word + "_fuzz.cc" == name;
                 });
      }
    }
    if (!listed) {
      findings.push_back(file.generic_string() + ": not listed in " + list.generic_string());
    }
  }
  return findings;
}

Findings Tree::TestsThatDoNotTest() const {
  static const std::regex switched_off(
      "DISA"
      "BLED_|GTEST_SK"
      "IP|WILL_F"
      "AIL|--gtest_fil"
      "ter=-");
  static const std::regex sleeps(R"(\bsleep_(for|until)\b|\busleep\b|\bnanosleep\b|time\.sleep\()");
  // Only where a real process is waited for, and there with a deadline.
  const auto may_sleep = [](const fs::path& file) {
    static const std::regex folders("^tests/(integration|foreign|docker|install)/");
    return std::regex_search(file.generic_string(), folders);
  };
  Findings findings;
  for (const fs::path& file : Files("tests")) {
    if (file.generic_string().starts_with("tests/tidy/house_rules")) continue;
    if (!HasExtension(file, {".h", ".cc", ".py", ".js", ".sh", ".txt"})) continue;
    const std::vector<std::string> lines = Lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (std::regex_search(lines[i], match, switched_off)) {
        findings.push_back(At(file, i) + match.str() + ": a test runs or does not exist");
      }
      if (!may_sleep(file) && std::regex_search(lines[i], match, sleeps)) {
        findings.push_back(At(file, i) + match.str() + ": wait for the event, not for the clock");
      }
    }
  }
  return findings;
}

Findings Tree::WordsThatDoNotBelong() const {
  Findings findings;
  for (const fs::path& file : Files(".")) {
    // Corpora are bytes, not text.
    if (file.generic_string().find("/corpus/") != std::string::npos) continue;
    const std::vector<std::string> lines = Lines(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (const Banned& banned : BannedEverywhere()) {
        std::smatch match;
        if (!std::regex_search(lines[i], match, banned.pattern)) continue;
        findings.push_back(At(file, i) + match.str() + ": " + banned.remedy);
      }
    }
  }
  return findings;
}

}  // namespace aegis::tidy

// README.md says what the code says. A failure prints what should stand there.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "node/runtime/settings.h"

namespace aegis::tidy {
namespace {

std::string Readme() {
  std::ifstream in(std::filesystem::path(AEGIS_SOURCE_DIR) / "README.md");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string FlagTables() {
  std::string text, group;
  for (const node::Setting& setting : node::Settings()) {
    if (setting.group != group) {
      group = setting.group;
      text += "\n**" + group + "**\n\n| Flag | Default | |\n| --- | --- | --- |\n";
    }
    const std::string value = setting.DefaultText();
    text += "| `" + setting.FlagName() + " " + setting.value + "` | " +
            (value.empty() ? "none" : value) + " | " + setting.help + " |\n";
  }
  return text + "\n";
}

TEST(ReadmeTest, ItsFlagsAreTheFlagsOfTheNode) {
  const std::string begin = "by ReadmeTest. -->\n";
  const std::string end = "<!-- end of the flags -->";
  const std::string readme = Readme();
  const std::size_t from = readme.find(begin);
  const std::size_t to = readme.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  EXPECT_EQ(readme.substr(from + begin.size(), to - from - begin.size()), FlagTables());
}

}  // namespace
}  // namespace aegis::tidy

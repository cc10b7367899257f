#include "node/core/resp_syntax.h"

#include <gtest/gtest.h>

#include "node/core/resp_command_table.h"

namespace aegis::node::resp {
namespace {

// The tree as text: name:type/token, ? optional, * multiple, children in parentheses.
std::string Draw(const std::vector<Argument>& arguments) {
  std::string text;
  for (const Argument& argument : arguments) {
    if (!text.empty()) text += ' ';
    text += argument.name + ':' + std::string(argument.type);
    if (!argument.token.empty()) text += '/' + std::string(argument.token);
    if (argument.optional) text += '?';
    if (argument.multiple) text += '*';
    if (!argument.arguments.empty()) text += '(' + Draw(argument.arguments) + ')';
  }
  return text;
}

std::string Tree(ByteView syntax) { return Draw(ParseSyntax(syntax)); }

TEST(RespSyntaxTest, WordsAreArgumentsAndCapitalsTokens) {
  EXPECT_EQ(Tree(""), "");
  EXPECT_EQ(Tree("key value"), "key:key value:string");
  EXPECT_EQ(Tree("key..."), "key:key*");
  EXPECT_EQ(Tree("DB index"), "index:integer/DB");
  EXPECT_EQ(Tree("REPLACE"), "replace:pure-token/REPLACE");
}

TEST(RespSyntaxTest, BracketsAreOptionalAndMayRepeat) {
  EXPECT_EQ(Tree("key [REPLACE]"), "key:key replace:pure-token/REPLACE?");
  EXPECT_EQ(Tree("[key value]..."), "key:block?*(key:key value:string)");
}

TEST(RespSyntaxTest, BarsAreAlternatives) {
  EXPECT_EQ(Tree("ON|OFF"), "on:oneof(on:pure-token/ON off:pure-token/OFF)");
  EXPECT_EQ(Tree("key [NX|EX seconds]"), "key:key nx:oneof?(nx:pure-token/NX seconds:integer/EX)");
  EXPECT_EQ(Tree("a|b c"), "a:oneof(a:string b:block(b:string c:string))");
}

TEST(RespSyntaxTest, EverySyntaxOfTheTableIsWellFormed) {
  for (const CommandInfo& command : AllCommands()) {
    const auto arguments = ParseSyntax(command.syntax);
    const bool begins_with_a_key = !arguments.empty() && arguments.front().type == "key";
    EXPECT_EQ(begins_with_a_key, command.keys.first != 0) << command.name;
    for (const CommandInfo& subcommand : command.subcommands) {
      EXPECT_EQ(ParseSyntax(subcommand.syntax).empty(), subcommand.syntax.empty())
          << subcommand.name;
    }
  }
}

}  // namespace
}  // namespace aegis::node::resp

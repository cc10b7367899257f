#include "cli/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>

#include "bench/load_flags.h"
#include "cli/duration_text.h"

namespace aegis::cli {
namespace {

constexpr char kFooter[] = R"(Examples:
  aegis-cli set greeting hello --ttl 60s
  aegis-cli -s host1:7700,host2:7700 get greeting --json
  aegis-cli set photo - < photo.jpg && aegis-cli get photo --raw > copy.jpg
  aegis-cli set counter 5 --cas 1099511627778
  aegis-cli shards --summary
  aegis-cli                       a prompt, with history and completion

A word that begins with "-" and is no number must stand behind "--".

Exit status:
  0  done
  1  no such key, or a condition that does not hold: nothing was written
  2  the command is wrong
  3  no node answered in time: nothing was written
  4  a write was sent and its answer was lost: it may or may not have happened)";

// CLI11 takes "-5" for a flag. Behind this byte it is a word like any other.
constexpr char kNumberMark = '\x01';

std::string Marked(const std::string& word) {
  const bool number =
      word.size() > 1 && word[0] == '-' && std::isdigit(static_cast<unsigned char>(word[1])) != 0;
  return number ? kNumberMark + word : word;
}

std::string Unmarked(std::string word) {
  if (!word.empty() && word[0] == kNumberMark) word.erase(0, 1);
  return word;
}

template <class T>
T ToNumber(const std::string& text, const char* what) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw CLI::ValidationError(what, "\"" + text + "\" is not allowed here");
  }
  return number;
}

std::chrono::milliseconds ToDuration(const std::string& text, const char* what) {
  const auto duration = ParseDuration(text);
  if (!duration.ok()) throw CLI::ValidationError(what, duration.error().message);
  return duration.value();
}

// The commands, as subcommands of an app whose parsing fills one Command.
class Grammar {
 public:
  Grammar(CLI::App& app, Command& command) : app_(app), command_(command) {
    AddReads();
    AddWrites();
    AddCluster();
  }

 private:
  CLI::App* Add(const std::string& name, const std::string& help) {
    CLI::App* sub = app_.add_subcommand(name, help);
    sub->callback([this, name] { command_.name = name; });
    sub->footer("");  // Not the one of the whole program.
    return sub;
  }

  // A word that is taken as it is, whatever it looks like.
  CLI::Option* AddWord(CLI::App* sub, const std::string& name, const std::string& type,
                       const std::string& help, std::function<void(const std::string&)> take) {
    return sub
        ->add_option_function<std::string>(
            name, [take](const std::string& word) { take(Unmarked(word)); }, help)
        ->type_name(type);
  }
  void AddKey(CLI::App* sub) {
    AddWord(sub, "key", "KEY", "The key", [this](const std::string& key) {
      command_.keys = {key};
    })->required();
  }
  void AddKeys(CLI::App* sub) {
    sub->add_option_function<std::vector<std::string>>(
           "keys",
           [this](const std::vector<std::string>& keys) {
             for (const std::string& key : keys) command_.keys.push_back(Unmarked(key));
           },
           "The keys")
        ->type_name("KEY")
        ->required();
  }
  void AddAddresses(CLI::App* sub, const std::string& help) {
    sub->add_option("address", command_.addresses, help)->type_name("HOST:PORT");
  }

  void AddReads() {
    CLI::App* get = Add("get", "Show what a key holds");
    AddKey(get);
    auto* raw = get->add_flag("--raw", command_.raw, "The bytes of the value and nothing else");
    get->add_flag("-l,--long", command_.details, "Show version and TTL too")->excludes(raw);
    AddKeys(Add("mget", "Show what several keys hold"));
    AddKey(Add("ttl", "Show how long a key has left"));
  }

  void AddWrites() {
    CLI::App* set = Add("set", "Set a key");
    AddKey(set);
    AddWord(set, "value", "VALUE", "The value; - reads it from the standard input",
            [this](const std::string& value) { command_.value = value; })
        ->required();
    AddWord(set, "--ttl", "DURATION", "Expire after 500ms, 60s, 5m, 1h, 7d",
            [this](const std::string& text) { command_.ttl = ToDuration(text, "--ttl"); });
    auto* nx = set->add_flag("--nx", command_.if_absent, "Only if the key is absent");
    auto* xx = set->add_flag("--xx", command_.if_present, "Only if the key is there");
    auto* cas = AddWord(set, "--cas", "VERSION", "Only if the key has this version (0: is absent)",
                        [this](const std::string& text) {
                          command_.expected = ToNumber<std::uint64_t>(text, "--cas");
                        });
    nx->excludes(xx)->excludes(cas);
    xx->excludes(cas);

    AddKeys(Add("del", "Delete keys"));

    CLI::App* expire = Add("expire", "Let a key expire, or never");
    AddKey(expire);
    AddWord(expire, "ttl", "DURATION|never", "When", [this](const std::string& text) {
      if (text != "never") command_.ttl = ToDuration(text, "ttl");
    })->required();

    CLI::App* incr = Add("incr", "Add to the integer that a key holds");
    AddKey(incr);
    AddWord(incr, "delta", "DELTA", "How much, 1 by default; may be negative",
            [this](const std::string& text) {
              command_.delta = ToNumber<std::int64_t>(text, "delta");
            });
  }

  void AddCluster() {
    AddAddresses(Add("ping", "Measure the round trip to nodes"),
                 "Nodes; by default those of --servers");
    Add("members", "Show the nodes of the cluster");
    Add("shards", "Show who leads and holds each shard")
        ->add_flag("--summary", command_.summary, "Only how many each node leads and holds");
    AddAddresses(Add("stats", "Show the figures of nodes"),
                 "Nodes; by default the first of --servers");
    bench::AddLoadFlags(*Add("bench", "Load the cluster and measure it, as aegis-bench does"),
                        command_.load);
  }

  CLI::App& app_;
  Command& command_;
};

ParseEnd EndOf(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = app.exit(error, out, err);
  return {.mistake = status != 0, .text = status == 0 ? out.str() : err.str()};
}

// CLI11 takes the words last first.
void Parse(CLI::App& app, const std::vector<std::string>& words, CommandLine& line) {
  std::vector<std::string> reversed;
  for (const std::string& word : words) reversed.push_back(Marked(word));
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    line.end = EndOf(app, error);
  }
}

std::string PromptHelp(CLI::App& app) {
  std::string text;
  for (const CLI::App* sub : app.get_subcommands({})) {
    text += fmt::format("  {:<9}{}\n", sub->get_name(), sub->get_description());
  }
  return text +
         "  history  Show what was typed\n  exit     End, as Ctrl-D does\n"
         "COMMAND --help says more. Quotes hold words together: \"a b\\n\".\n";
}

// Takes one escape of a "..." word off the front of `rest`.
char TakeEscape(std::string_view& rest) {
  const char kind = rest.front();
  rest.remove_prefix(1);
  if (kind == 'n') return '\n';
  if (kind == 't') return '\t';
  if (kind == 'r') return '\r';
  unsigned byte = 0;
  if (kind == 'x' && rest.size() >= 2 &&
      std::from_chars(rest.data(), rest.data() + 2, byte, 16).ptr == rest.data() + 2) {
    rest.remove_prefix(2);
    return static_cast<char>(byte);
  }
  return kind;
}

}  // namespace

CommandLine ParseCommandLine(const std::vector<std::string>& words) {
  CommandLine line;
  CLI::App app("Talks to an AegisKV cluster.", "aegis-cli");
  app.footer(kFooter);
  app.set_version_flag("--version", "aegis-cli " AEGIS_VERSION);
  app.add_option("-s,--servers,--server", line.global.servers, "Nodes to ask; one is enough")
      ->type_name("HOST:PORT,...")
      ->delimiter(',')
      ->envname("AEGIS_SERVERS")
      ->default_str(line.global.servers.front());
  app.add_option_function<std::string>(
         "--timeout",
         [&](const std::string& text) { line.global.timeout = ToDuration(text, "--timeout"); },
         "How long a command may take")
      ->type_name("DURATION")
      ->default_str("5s");
  app.add_flag("--json", line.global.json, "Answer in JSON, for programs");
  app.fallthrough();  // Global options may stand behind the command, too.
  app.require_subcommand(0, 1);
  const Grammar grammar(app, line.command);
  Parse(app, words, line);
  return line;
}

CommandLine ParsePromptLine(std::string_view text) {
  CommandLine line;
  const Result<std::vector<std::string>> words = SplitWords(text);
  if (!words.ok()) {
    line.end = ParseEnd{.mistake = true, .text = words.error().message + "\n"};
    return line;
  }
  CLI::App app;
  app.require_subcommand(0, 1);
  const Grammar grammar(app, line.command);
  if (words.value() == std::vector<std::string>{"help"}) {
    line.end = ParseEnd{.mistake = false, .text = PromptHelp(app)};
  } else {
    Parse(app, words.value(), line);
  }
  return line;
}

Result<std::vector<std::string>> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  while (!line.empty()) {
    const char c = line.front();
    line.remove_prefix(1);
    if (quote == 0 && (c == ' ' || c == '\t')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '\\' && quote == '"' && !line.empty()) {
      words.back() += TakeEscape(line);
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) {
    return Error{ErrorCode::kInvalid, std::string("a quote (") + quote + ") is not closed"};
  }
  return words;
}

std::vector<std::string> CommandNames() {
  CLI::App app;
  Command command;
  const Grammar grammar(app, command);
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace aegis::cli

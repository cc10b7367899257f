#include "cli/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <set>
#include <sstream>

#include "bench/flag_values.h"
#include "bench/load_flags.h"
#include "cli/mistake.h"
#include "cli/words.h"

namespace aegis::cli {
namespace {

constexpr char kFooter[] = R"(Examples:
  aegis-cli set greeting hello --ttl 60s
  aegis-cli -s host1:7700,host2:7700 get greeting --json
  aegis-cli set photo - < photo.jpg && aegis-cli get photo --raw > copy.jpg
  aegis-cli set counter 5 --cas 1099511627778
  aegis-cli shards --summary
  aegis-cli drain host1:7780 --timeout 60s && systemctl stop aegis
  aegis-cli wal check DIR         a node's write-ahead log, without a node
  aegis-cli help set
  aegis-cli                       a prompt, with history and completion

A word that begins with "-" and is no number must stand behind "--".

Exit status:
  0  done
  1  no such key, or a condition that does not hold: nothing was written
  2  the command is wrong
  3  no node answered in time: nothing was written
  4  a write was sent and its answer was lost: it may or may not have happened
bench ends with 1 if some of its calls failed, and with 3 or 4 if it could not begin.)";

constexpr char kRecoverFooter[] = R"(
Without a majority of its voters the control log decides nothing, and nothing can be led. If they
can be started again with their data directories, do that instead: nothing is lost then.

If they are lost for good, the node that is asked becomes the only voter. Choose the survivor that
has applied most of the log ("applied" in its /status). This risks:
  - What the lost voters had decided and this node has not heard of is lost.
  - Writes that only lost nodes held are lost, those that a quorum acknowledged too.
  - If they run and are only cut off, there will be two clusters that both take writes.
So make sure that they are stopped. Survivors that know no more than the node that is asked follow
it with what they hold; every other node that comes back is refused until it is started with an
empty data directory. The command shows who is missing and asks, and is refused while a majority
of the voters is heard.)";

constexpr char kForgetFooter[] = R"(
A node that dies is removed after a minute, and its copies are made anew elsewhere. But while it was
the only one to hold, in sync, a shard with quorum writes, the shard has no leader and waits for it:
those writes were promised not to be lost.

If it is lost for good, this gives it up. Such shards go on, a minute after it was lost, with the
newest copy that there is, or empty. The command says what that risks and asks, and is refused while
the node is alive.)";

constexpr char kWalFooter[] = R"(
DIR is the directory of the log. No node is needed, and for repair none may run on it.

  check    looks at every byte of every file; ends with 1 if a node would refuse the log
  dump     one line for every entry: its place, its shard, what it is and holds, but no values
  repair   cuts the log off where it is damaged, and gives up snapshots that are, or that need
           what is cut off. It says what that loses and asks. The files as they were stay, under
           names that it shows. The node then gets from its peers what it lacks; what no peer has
           is lost.)";

// Any whole number that T has.
template <class T>
T ToNumber(const std::string& text, const char* what) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    using Limits = std::numeric_limits<T>;
    throw bench::NotAllowed(
        what, text, fmt::format("a whole number from {} to {}", Limits::min(), Limits::max()));
  }
  return number;
}

std::chrono::milliseconds ToTimeout(const std::string& text) {
  const auto timeout = bench::ToDuration(text, "--timeout");
  if (timeout < std::chrono::milliseconds(1) || timeout > std::chrono::days(1)) {
    throw bench::NotAllowed("--timeout", text, "from 1ms to 1d");
  }
  return timeout;
}

int ToQuorum(const std::string& text, const char* flag) {
  int quorum = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quorum);
  if (error != std::errc() || end != text.data() + text.size() || quorum < -1 || quorum > 7) {
    throw bench::NotAllowed(flag, text, "from -1 to 7");
  }
  return quorum;
}

std::chrono::milliseconds ToStaleness(const std::string& text) {
  if (text == "any") return kAnyAge;
  const auto staleness = bench::ToDuration(text, "--max-staleness");
  if (staleness < std::chrono::milliseconds(1) || staleness > std::chrono::days(1)) {
    throw bench::NotAllowed("--max-staleness", text, "from 1ms to 1d, or 'any'");
  }
  return staleness;
}

// The commands, as subcommands of an app whose parsing fills one Command.
class Grammar {
 public:
  Grammar(CLI::App& app, Command& command, Place place)
      : app_(app), command_(command), place_(place) {
    AddReads();
    AddWrites();
    AddCluster();
    AddWal();
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
    sub->add_option("address", command_.addresses, help)
        ->type_name("HOST:PORT")
        ->check(bench::Address());
  }

  void TakeValue(const std::string& value) {
    if (value == "-" && place_ == Place::kPrompt) {
      throw CLI::ValidationError(
          "value",
          "'-' reads the standard input, where the commands come from here; use: "
          "aegis-cli set KEY - < FILE");
    }
    command_.value = value;
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
            [this](const std::string& value) { TakeValue(value); })
        ->required();
    AddWord(set, "--ttl", "DURATION", "Expire after 500ms, 60s, 1m30s, 7d, ...",
            [this](const std::string& text) { command_.ttl = bench::ToDuration(text, "--ttl"); });
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
      if (text != "never") command_.ttl = bench::ToDuration(text, "ttl");
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
    CLI::App* cluster =
        Add("cluster", "Show who decides, who holds a lease, and how many shards move");
    cluster->require_subcommand(0, 1);
    AddRecover(*cluster);
    AddForget(*cluster);
    CLI::App* drain = Add("drain", "Let a node hand over all that it leads, to be stopped then");
    drain->add_option("address", command_.addresses, "The node's --health-addr")
        ->type_name("HOST:PORT")
        ->expected(1)
        ->required()
        ->check(bench::Address());
    Add("members", "Show the nodes of the cluster");
    Add("shards", "Show who leads each shard and where it is placed")
        ->add_flag("--summary", command_.summary, "Only how many there are per node");
    AddAddresses(Add("stats", "Show the figures of nodes"),
                 "Nodes; by default the first of --servers");
    bench::AddLoadFlags(*Add("bench", "Load the cluster and measure it, as aegis-bench does"),
                        command_.load);
  }

  void AddRecover(CLI::App& cluster) {
    CLI::App* recover = cluster.add_subcommand(
        "recover", "Let a node go on alone when most voters of the control log are lost for good");
    recover->callback([this] { command_.recover = true; });
    recover->add_option("--node", command_.addresses, "The --health-addr of the node that goes on")
        ->type_name("HOST:PORT")
        ->expected(1)
        ->required()
        ->check(bench::Address());
    recover->add_flag("--yes", command_.confirmed, "Do not ask");
    recover->footer(kRecoverFooter);
  }

  void AddForget(CLI::App& cluster) {
    CLI::App* forget =
        cluster.add_subcommand("forget", "Give up a node that is lost for good, with what it held");
    forget->add_option("name", command_.forgotten, "The lost node: its name, or its id in hex")
        ->type_name("NAME")
        ->required();
    forget->add_option("--node", command_.addresses, "The --health-addr of a node that lives")
        ->type_name("HOST:PORT")
        ->expected(1)
        ->required()
        ->check(bench::Address());
    forget->add_flag("--yes", command_.confirmed, "Do not ask");
    forget->footer(kForgetFooter);
  }

  void AddWal() {
    CLI::App* wal = Add("wal", "Look into a node's write-ahead log on disk, or repair it");
    wal->require_subcommand(1);
    wal->footer(kWalFooter);
    const auto add = [&](const char* action, const char* help) {
      CLI::App* sub = wal->add_subcommand(action, help);
      sub->callback([this, action] { command_.action = action; });
      AddWord(sub, "directory", "DIR", "The directory of the log", [this](const std::string& path) {
        command_.directory = path;
      })->required();
      sub->footer("");
      return sub;
    };
    add("check", "Look at every file and say what a node would make of them");
    AddWord(add("dump", "Show every entry"), "--shard", "N", "Only those of this shard",
            [this](const std::string& text) {
              command_.shard = ToNumber<std::uint32_t>(text, "--shard");
            });
    add("repair", "Give up what is damaged, so that the rest can be used")
        ->add_flag("--yes", command_.confirmed, "Do not ask");
  }

  CLI::App& app_;
  Command& command_;
  const Place place_;
};

// CLI11 takes the words last first.
void Parse(CLI::App& app, const std::vector<std::string>& words, Place place, CommandLine& line) {
  std::vector<std::string> reversed;
  for (const std::string& word : words) reversed.push_back(Marked(word));
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::Success& help) {
    std::ostringstream text;
    app.exit(help, text, text);
    line.end = ParseEnd{.mistake = false, .text = text.str()};
  } catch (const CLI::ParseError& error) {
    line.end = ParseEnd{.mistake = true, .text = Explain(app, error, place)};
  }
}

// Where the command stands behind the global options.
std::size_t CommandAt(const std::vector<std::string>& words) {
  static const std::set<std::string> with_value = {"-s",
                                                   "--server",
                                                   "--servers",
                                                   "--timeout",
                                                   "--write-quorum",
                                                   "--read-quorum",
                                                   "--max-staleness"};
  std::size_t at = 0;
  while (at < words.size() && words[at].starts_with('-'))
    at += with_value.contains(words[at]) ? 2 : 1;
  return at;
}

std::string PromptHelp(const CLI::App& app) {
  std::string text;
  for (const CLI::App* sub : app.get_subcommands({})) {
    text += fmt::format("  {:<9}{}\n", sub->get_name(), sub->get_description());
  }
  return text +
         "  help     Show this, or what a COMMAND takes\n"
         "  history  Show what was typed\n"
         "  exit     End, as Ctrl-D does; Ctrl-C drops the line\n"
         "Any command takes --json. Quotes hold words together: \"a b\\n\".\n";
}

// "help" and "help COMMAND"; `behind` is what stands behind "help".
void Help(CLI::App& app, const std::vector<std::string>& behind, Place place, CommandLine& line) {
  if (behind.empty()) {
    line.end =
        ParseEnd{.mistake = false, .text = place == Place::kPrompt ? PromptHelp(app) : app.help()};
  } else if (std::ranges::count(CommandNames(), behind.front()) == 0) {
    line.end = ParseEnd{.mistake = true, .text = UnknownCommand(app, behind.front(), place)};
  } else {
    Parse(app, {behind.front(), "--help"}, place, line);
  }
}

// The flag that stands behind any command, at the prompt too.
void AddJson(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "Answer in JSON, for programs");
  app.fallthrough();
  app.require_subcommand(0, 1);
}

void ParseWords(CLI::App& app, const std::vector<std::string>& words, Place place,
                CommandLine& line) {
  const Grammar grammar(app, line.command, place);
  const std::size_t at = CommandAt(words);
  if (at < words.size() && words[at] == "help") {
    const auto behind = words.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    Help(app, {behind, words.end()}, place, line);
  } else {
    Parse(app, words, place, line);
  }
}

}  // namespace

CommandLine ParseCommandLine(const std::vector<std::string>& words) {
  CommandLine line;
  CLI::App app("Talks to an AegisKV cluster.", "aegis-cli");
  app.footer(kFooter);
  app.set_version_flag("--version", "aegis-cli " AEGIS_VERSION);
  bench::AddServersFlag(app, line.global.servers);
  app.add_option_function<std::string>(
         "--timeout", [&](const std::string& text) { line.global.timeout = ToTimeout(text); },
         "How long a command may take")
      ->type_name("DURATION")
      ->default_str("5s");
  const auto add_quorum = [&](const char* flag, std::optional<int>& quorum, const char* what) {
    app.add_option_function<std::string>(
           flag, [&, flag](const std::string& text) { quorum = ToQuorum(Unmarked(text), flag); },
           what)
        ->type_name("N")
        ->default_str("as the nodes are set");
  };
  add_quorum("--write-quorum", line.global.quorums.write,
             "Copies that hold a write before it is OK; -1: all");
  add_quorum("--read-quorum", line.global.quorums.read,
             "Copies that confirm the leader before a read; -1: all");
  app.add_option_function<std::string>(
         "--max-staleness",
         [&](const std::string& text) { line.global.max_staleness = ToStaleness(text); },
         "Let any copy answer reads that is no older; any: whatever its age")
      ->type_name("DURATION");
  AddJson(app, line.global.json);
  ParseWords(app, words, Place::kCommandLine, line);
  return line;
}

CommandLine ParsePromptLine(std::string_view text, const GlobalOptions& global) {
  CommandLine line;
  line.global = global;
  const Result<std::vector<std::string>> words = SplitWords(text);
  if (!words.ok()) {
    line.end = ParseEnd{.mistake = true, .text = words.error().message + "\n"};
    return line;
  }
  CLI::App app;
  bool json = false;
  AddJson(app, json);
  ParseWords(app, words.value(), Place::kPrompt, line);
  line.global.json = line.global.json || json;
  return line;
}

std::vector<std::string> CommandNames() {
  CLI::App app;
  Command command;
  const Grammar grammar(app, command, Place::kCommandLine);
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace aegis::cli

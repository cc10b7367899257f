#include "cli/prompt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "cli/completion.h"

namespace aegis::cli {
namespace {

constexpr int kLinesKept = 1000;
constexpr int kFileLinesMax = 2 * kLinesKept;  // Beyond, the file is written anew.

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// While it lives, SIGINT ends the system call that waits, and nothing else. libedit lays its own
// handler over this one, to give the terminal back before it passes the signal on.
class InterruptsReads {
 public:
  InterruptsReads() {
    struct sigaction action = {};
    action.sa_handler = [](int) {};
    sigaction(SIGINT, &action, &before_);
  }
  ~InterruptsReads() { sigaction(SIGINT, &before_, nullptr); }
  InterruptsReads(const InterruptsReads&) = delete;
  InterruptsReads& operator=(const InterruptsReads&) = delete;

 private:
  struct sigaction before_ = {};
};

// Adds a line to a history file that others may be adding to.
void Append(const std::string& file_name, const std::string& line) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(file_name.c_str(), "ae"),
                                                             &std::fclose);
  if (file == nullptr) return;
  // libedit writes whole histories only, so the line gets one of its own.
  const std::unique_ptr<History, void (*)(History*)> one(history_init(), &history_end);
  AEGIS_CHECK(one != nullptr, "libedit has memory");
  HistEvent event;
  history(one.get(), &event, H_SETSIZE, 1);
  history(one.get(), &event, H_ENTER, line.c_str());
  history(one.get(), &event, H_SAVE_FP, file.get());
}

// libedit drops what is no character of the locale. Terminals speak UTF-8, whether or not the
// environment says so.
EditLine* StartEditor() {
  std::setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  return el_init("aegis-cli", stdin, stdout, stderr);
}

}  // namespace

Prompt::Prompt(std::string text, std::string history_file)
    : text_(std::move(text)),
      history_file_(std::move(history_file)),
      history_(history_init()),
      editor_(StartEditor()) {
  AEGIS_CHECK(history_ != nullptr && editor_ != nullptr, "libedit starts");
  HistEvent event;
  history(history_, &event, H_SETSIZE, kLinesKept);
  history(history_, &event, H_SETUNIQUE, 1);
  if (!history_file_.empty()) {
    const int file = open(history_file_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (file >= 0) close(file);
    const int loaded = history(history_, &event, H_LOAD, history_file_.c_str());
    if (loaded > kFileLinesMax) history(history_, &event, H_SAVE, history_file_.c_str());
  }
  el_set(editor_, EL_CLIENTDATA, this);
  el_set(editor_, EL_PROMPT, &Prompt::Text);
  el_set(editor_, EL_EDITOR, "emacs");
  el_set(editor_, EL_HIST, history, history_);
  el_set(editor_, EL_SIGNAL, 1);
  el_set(editor_, EL_ADDFN, "aegis-complete", "Complete the word", &Prompt::Complete);
  el_set(editor_, EL_ADDFN, "aegis-drop-line", "Drop the line", &Prompt::DropLine);
  el_set(editor_, EL_ADDFN, "aegis-stop", "Stop the program until it is continued", &Prompt::Stop);
  el_source(editor_, nullptr);  // ~/.editrc; a "bind -v" there would undo what is bound before.
  Bind("^I", "aegis-complete");
  // Keys, not signals: a signal that comes just before the read would be lost.
  el_set(editor_, EL_SETTY, "-d", "-isig", nullptr);
  Bind("^C", "aegis-drop-line");
  Bind("^Z", "aegis-stop");
}

void Prompt::Bind(const char* key, const char* function) {
  el_set(editor_, EL_BIND, key, function, nullptr);
  el_set(editor_, EL_BIND, "-a", key, function, nullptr);  // vi's command mode.
}

Prompt::~Prompt() {
  el_end(editor_);
  history_end(history_);
}

std::optional<std::string> Prompt::ReadLine() {
  const InterruptsReads interrupts_reads;
  while (true) {
    int size = 0;
    el_set(editor_, EL_PREP_TERM, 1);  // Before the prompt shows: from then on, ^C is a key.
    errno = 0;
    const char* line = el_gets(editor_, &size);
    if (line == nullptr || size <= 0) {
      if (errno != EINTR) return std::nullopt;
      std::fputs("^C\n", stdout);
      std::fflush(stdout);
      continue;
    }
    std::string_view text(line, static_cast<std::size_t>(size));
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.find_first_not_of(' ') == std::string_view::npos) continue;
    Remember(std::string(text));
    return std::string(text);
  }
}

void Prompt::Remember(const std::string& line) {
  HistEvent event;
  history(history_, &event, H_ENTER, line.c_str());
  if (!history_file_.empty()) Append(history_file_, line);
}

std::vector<std::string> Prompt::Lines() const {
  std::vector<std::string> lines;
  HistEvent event;
  for (int more = history(history_, &event, H_LAST); more == 0;
       more = history(history_, &event, H_PREV)) {
    std::string_view text(event.str);
    if (text.ends_with('\n')) text.remove_suffix(1);
    lines.emplace_back(text);
  }
  return lines;
}

char* Prompt::Text(EditLine* editor) {
  Prompt* self = nullptr;
  el_get(editor, EL_CLIENTDATA, &self);
  return const_cast<char*>(self->text_.c_str());  // libedit only reads it.
}

unsigned char Prompt::Complete(EditLine* editor, int /*key*/) {
  const LineInfo* info = el_line(editor);
  const std::string_view before(info->buffer,
                                static_cast<std::size_t>(info->cursor - info->buffer));
  const std::vector<std::string> words = Completions(before);
  if (words.empty()) return CC_ERROR;
  const std::size_t typed = before.size() - (before.find_last_of(' ') + 1);
  const std::string rest = CommonPrefix(words).substr(typed) + (words.size() == 1 ? " " : "");
  if (!rest.empty()) return el_insertstr(editor, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  std::fputs("\n", stdout);
  for (const std::string& word : words) std::printf("%s  ", word.c_str());
  std::fputs("\n", stdout);
  return CC_REDISPLAY;
}

unsigned char Prompt::DropLine(EditLine* /*editor*/, int /*key*/) {
  std::fputs("^C\n", stdout);
  return CC_FATAL;  // libedit's word for "begin anew".
}

unsigned char Prompt::Stop(EditLine* editor, int /*key*/) {
  el_set(editor, EL_PREP_TERM, 0);
  raise(SIGTSTP);
  el_set(editor, EL_PREP_TERM, 1);
  std::fputs("\n", stdout);
  return CC_REDISPLAY;
}

std::string HistoryFile() {
  const std::string state = Environment("XDG_STATE_HOME");
  if (!state.empty()) return state + "/aegis_history";
  const std::string user_home = Environment("HOME");
  return user_home.empty() ? "" : user_home + "/.aegis_history";
}

}  // namespace aegis::cli

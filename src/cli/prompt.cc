#include "cli/prompt.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "cli/completion.h"

namespace aegis::cli {
namespace {

constexpr int kLinesKept = 1000;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Prompt::Prompt(std::string text, std::string history_file)
    : text_(std::move(text)),
      history_file_(std::move(history_file)),
      history_(history_init()),
      editor_(el_init("aegis-cli", stdin, stdout, stderr)) {
  AEGIS_CHECK(history_ != nullptr && editor_ != nullptr, "libedit starts");
  HistEvent event;
  history(history_, &event, H_SETSIZE, kLinesKept);
  history(history_, &event, H_SETUNIQUE, 1);
  if (!history_file_.empty()) {
    const int file = open(history_file_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (file >= 0) close(file);
    history(history_, &event, H_LOAD, history_file_.c_str());
  }
  el_set(editor_, EL_CLIENTDATA, this);
  el_set(editor_, EL_PROMPT, &Prompt::Text);
  el_set(editor_, EL_EDITOR, "emacs");
  el_set(editor_, EL_HIST, history, history_);
  el_set(editor_, EL_SIGNAL, 1);
  el_set(editor_, EL_ADDFN, "aegis-complete", "Complete the word", &Prompt::Complete);
  el_set(editor_, EL_BIND, "^I", "aegis-complete", nullptr);
  el_source(editor_, nullptr);  // ~/.editrc
}

Prompt::~Prompt() {
  HistEvent event;
  if (!history_file_.empty()) history(history_, &event, H_SAVE, history_file_.c_str());
  el_end(editor_);
  history_end(history_);
}

std::optional<std::string> Prompt::ReadLine() {
  while (true) {
    int size = 0;
    errno = 0;
    const char* line = el_gets(editor_, &size);
    if (line == nullptr || size <= 0) {
      if (errno != EINTR) return std::nullopt;
      std::fputs("^C\n", stdout);
      continue;
    }
    std::string_view text(line, static_cast<std::size_t>(size));
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.find_first_not_of(' ') == std::string_view::npos) continue;
    HistEvent event;
    history(history_, &event, H_ENTER, std::string(text).c_str());
    return std::string(text);
  }
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

std::string HistoryFile() {
  const std::string state = Environment("XDG_STATE_HOME");
  if (!state.empty()) return state + "/aegis_history";
  const std::string user_home = Environment("HOME");
  return user_home.empty() ? "" : user_home + "/.aegis_history";
}

}  // namespace aegis::cli

// Prompt: lines from a terminal, with editing, history and completion (libedit).
//
// Every line is in the history file before ReadLine() returns it, so whatever ends the process
// loses none. Sessions that run side by side append to one file.

#pragma once

#include <histedit.h>

#include <optional>
#include <string>
#include <vector>

namespace aegis::cli {

class Prompt {
 public:
  // `history_file` may be empty (nothing is kept) or not exist yet; it is made readable to its
  // owner alone, for it holds what was set.
  Prompt(std::string text, std::string history_file);
  ~Prompt();
  Prompt(const Prompt&) = delete;
  Prompt& operator=(const Prompt&) = delete;

  // The next line, without its end; nothing at the end of input (Ctrl-D). Ctrl-C drops what was
  // typed and asks anew, and so does SIGINT; outside this call, both do what they did before.
  std::optional<std::string> ReadLine();

  // The lines so far, those of earlier runs too, oldest first.
  std::vector<std::string> Lines() const;

 private:
  void Bind(const char* key, const char* function);
  void Remember(const std::string& line);
  static char* Text(EditLine* editor);
  static unsigned char Complete(EditLine* editor, int key);
  static unsigned char DropLine(EditLine* editor, int key);
  static unsigned char Stop(EditLine* editor, int key);

  const std::string text_;
  const std::string history_file_;
  History* history_;
  EditLine* editor_;
};

// $XDG_STATE_HOME/aegis_history, or ~/.aegis_history; empty without a home.
std::string HistoryFile();

}  // namespace aegis::cli

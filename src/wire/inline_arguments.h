// Inline arguments: one line of text as people type it, split as Redis splits it.
//
//     SET "a key" 'it\'s' \x41  ->  [SET] [a key] [it's] [\x41]
//
// Blanks separate. "..." knows \n \r \t \b \a \\ \" and \xHH; '...' knows \' alone. A closing
// quote must be followed by a blank or the end. For the RESP parser and the CLI's prompt.

#pragma once

#include <vector>

#include "base/bytes.h"

namespace aegis::wire {

// Splits `line` (without its line end) into `argv`, which is replaced. Arguments without quotes
// are views into `line`; the others into `scratch`, which is replaced when there are any. As in
// Redis, a NUL byte ends the line. False: the quotes do not balance; `argv` has no meaning.
[[nodiscard]] bool SplitInlineArguments(ByteView line, std::vector<ByteView>& argv, Bytes& scratch);

}  // namespace aegis::wire

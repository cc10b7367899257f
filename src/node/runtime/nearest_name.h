// DidYouMean: what an operator probably wanted to write.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aegis::node {

// "; did you mean NAME?" with the one of `names` that differs from `written` the least, by letters
// added, left out or replaced. Empty if even that one differs in more than two, or in
// more than a third of what was written.
std::string DidYouMean(std::string_view written, const std::vector<std::string>& names);

}  // namespace aegis::node

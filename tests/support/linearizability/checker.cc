#include "linearizability/checker.h"

#include <map>

#include "base/check.h"
#include "linearizability/explanation.h"
#include "linearizability/search.h"

namespace aegis::linearizability {

Report Check(const History& history, const CheckLimits& limits) {
  std::map<std::string, History> by_key;
  for (const Operation& operation : history) {
    AEGIS_CHECK(Flaw(operation).empty(), "a history holds only what a client can have recorded");
    by_key[operation.key].push_back(operation);
  }
  Report report{.operations = history.size(), .keys = by_key.size()};
  for (const auto& [key, operations] : by_key) {
    const SearchResult result = Search(operations, limits.states_per_key_max);
    report.states += result.states;
    if (result.answer == Answer::kOrdered) continue;
    const bool gave_up = result.answer == Answer::kGaveUp;
    // A proven violation is worth more than a doubt about an earlier key.
    if (gave_up && report.verdict == Verdict::kGaveUp) continue;
    report.key = key;
    if (gave_up) {
      report.verdict = Verdict::kGaveUp;
      report.explanation = ExplainSurrender(operations, result);
    } else {
      report.verdict = Verdict::kNotLinearizable;
      report.explanation = ExplainViolation(operations, limits.states_per_key_max);
      break;
    }
  }
  return report;
}

}  // namespace aegis::linearizability

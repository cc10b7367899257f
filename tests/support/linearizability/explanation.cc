#include "linearizability/explanation.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/check.h"

namespace aegis::linearizability {
namespace {

// Enough to see what happened; a longer table would not be read.
constexpr std::size_t kShownOperationsMax = 30;
constexpr std::size_t kShownOrderMax = 6;
// What shortening one history may cost; it stays right when it ends early, only longer.
constexpr int kShorteningSearchesMax = 60;

bool IsAnswered(const Operation& operation) {
  return operation.outcome != Outcome::kUnknown && operation.outcome != Outcome::kUnavailable;
}

bool HasNoOrder(const History& operations, std::size_t states_max) {
  return Search(operations, states_max).answer == Answer::kCannotBeOrdered;
}

// What had been called when the answer of time `end` came; later answers are not known yet.
History Until(const History& operations, TimePoint end) {
  History prefix;
  for (const Operation& operation : operations) {
    if (operation.invoked_at > end || operation.outcome == Outcome::kUnavailable) continue;
    prefix.push_back(operation);
    if (IsAnswered(operation) && *operation.returned_at > end) {
      prefix.back().outcome = Outcome::kUnknown;
      prefix.back().result.clear();
      prefix.back().version.clear();
    }
  }
  return prefix;
}

// Leaving out a read makes every history easier to explain. One that still has no order shows the
// same violation with fewer operations. Reads are left out in halves, then in quarters and so on,
// so that a long history takes few searches.
History WithoutNeedlessReads(History operations, std::size_t states_max) {
  std::erase_if(operations, [](const Operation& each) {
    return each.outcome == Outcome::kUnknown && !MayWrite(each);
  });
  const auto first_read = std::stable_partition(
      operations.begin(), operations.end(), [](const Operation& each) { return MayWrite(each); });
  const auto writes = static_cast<std::size_t>(first_read - operations.begin());
  int searches_left = kShorteningSearchesMax;
  for (std::size_t chunk = operations.size() - writes; chunk > 0; chunk /= 2) {
    for (std::size_t end = operations.size(); end > writes && searches_left-- > 0;) {
      const std::size_t begin = end - std::min(end - writes, chunk);
      History without = operations;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(begin),
                    without.begin() + static_cast<std::ptrdiff_t>(end));
      if (HasNoOrder(without, states_max)) operations = std::move(without);
      end = begin;
    }
  }
  return operations;
}

std::string Milliseconds(TimePoint at, TimePoint origin) {
  const double ms = std::chrono::duration<double, std::milli>(at - origin).count();
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", ms);
  return text.data();
}

std::string Line(const Operation& operation, TimePoint origin) {
  const std::string end =
      IsAnswered(operation) ? Milliseconds(*operation.returned_at, origin) : "open";
  std::array<char, 64> head{};
  std::snprintf(head.data(), head.size(), "  [%10s .. %10s]  client %-3u ",
                Milliseconds(operation.invoked_at, origin).c_str(), end.c_str(), operation.client);
  return head.data() + Text(operation) + '\n';
}

// The operations by the time of their calls; of very many, the last ones and those that wrote or
// showed the value in question.
std::string Table(History operations, const std::string& value, TimePoint origin) {
  std::ranges::stable_sort(operations, {}, &Operation::invoked_at);
  std::string text;
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const Operation& each = operations[i];
    const bool is_late = operations.size() - i <= kShownOperationsMax;
    const bool is_of_value = !value.empty() && (each.argument == value || each.result == value);
    if (is_late || is_of_value) {
      text += Line(each, origin);
    } else {
      ++left_out;
    }
  }
  if (left_out == 0) return text;
  return "  (" + std::to_string(left_out) + " earlier ones are left out)\n" + text;
}

// What is said of a read value before any table: whether anybody ever wrote it.
std::string ValueRemark(const History& operations, const Operation& culprit) {
  if (culprit.kind != Kind::kGet || culprit.outcome != Outcome::kOk) return "";
  const bool counts = std::ranges::any_of(operations, [](const Operation& each) {
    return each.kind == Kind::kIncrement || each.kind == Kind::kAppend;
  });
  const bool was_written = std::ranges::any_of(operations, [&](const Operation& each) {
    return MayWrite(each) && each.argument == culprit.result;
  });
  if (counts || was_written) return "";
  return "Until then nobody had tried to write " + Quoted(culprit.result) + ".\n";
}

std::string WhyStuck(const SearchResult& result, TimePoint origin) {
  std::string text = "Longest order found that fits the answers";
  if (result.order.empty()) {
    text += ": none. At the beginning the key is absent";
  } else {
    const std::size_t skipped = result.order.size() - std::min(result.order.size(), kShownOrderMax);
    text += skipped == 0 ? ":\n" : ", its last " + std::to_string(kShownOrderMax) + ":\n";
    for (std::size_t i = skipped; i < result.order.size(); ++i) {
      text += Line(result.order[i], origin);
    }
    text += "After it the key is " + Text(result.state);
  }
  text += ", which none of these, one of which would have to be next, can have met:\n";
  for (const Operation& each : result.stuck) text += Line(each, origin);
  return text;
}

}  // namespace

History ShortestFailingPrefix(const History& operations, std::size_t states_max) {
  std::vector<TimePoint> ends;
  for (const Operation& operation : operations) {
    if (IsAnswered(operation)) ends.push_back(*operation.returned_at);
  }
  AEGIS_CHECK(!ends.empty(), "without an answer nothing can be wrong");
  std::ranges::sort(ends);
  // Answers only add constraints: if a prefix has no order, no longer one has.
  std::size_t fails = ends.size() - 1;
  std::size_t unknown_from = 0;
  while (unknown_from < fails) {
    const std::size_t middle = unknown_from + (fails - unknown_from) / 2;
    if (HasNoOrder(Until(operations, ends[middle]), states_max)) {
      fails = middle;
    } else {
      unknown_from = middle + 1;
    }
  }
  return Until(operations, ends[fails]);
}

std::string ExplainViolation(const History& operations, std::size_t states_max) {
  const History prefix = ShortestFailingPrefix(operations, states_max);
  const auto earlier_end = [](const Operation& a, const Operation& b) {
    return std::pair(IsAnswered(a), IsAnswered(a) ? *a.returned_at : TimePoint()) <
           std::pair(IsAnswered(b), IsAnswered(b) ? *b.returned_at : TimePoint());
  };
  const Operation culprit = *std::ranges::max_element(prefix, earlier_end);
  const TimePoint origin =
      std::ranges::min_element(operations, {}, &Operation::invoked_at)->invoked_at;
  const History core = WithoutNeedlessReads(prefix, states_max);
  SearchResult result = Search(core, states_max, Foresight::kOff);
  if (result.answer == Answer::kGaveUp) result = Search(core, states_max);
  AEGIS_CHECK(result.answer == Answer::kCannotBeOrdered, "what has no order keeps having none");

  std::string text = "Key " + Quoted(culprit.key) + " is not linearizable.\n";
  text += "Everything up to " + Milliseconds(*culprit.returned_at, origin) +
          " ms can be explained, but not this answer, which came then:\n" + Line(culprit, origin);
  text += ValueRemark(prefix, culprit);
  text += "The operations that contradict each other (begin .. end in ms since the first call):\n";
  text += Table(core, culprit.result, origin);
  return text + WhyStuck(result, origin);
}

std::string ExplainSurrender(const History& operations, const SearchResult& result) {
  AEGIS_CHECK(!operations.empty(), "there is nothing to give up on");
  return "Key " + Quoted(operations.front().key) + ": gave up after " +
         std::to_string(result.states) + " states, with at most " +
         std::to_string(result.order.size()) + " of " + std::to_string(operations.size()) +
         " operations in order. This is no proof of an error, and no proof of its absence: use " +
         "fewer operations or clients per key, or allow more states.\n";
}

}  // namespace aegis::linearizability

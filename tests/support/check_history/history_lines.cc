#include "check_history/history_lines.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace aegis::linearizability {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 10> kFields = {
    "client", "key", "op", "arg", "expected", "ok", "result", "version", "start_ns", "end_ns",
};

std::string TextOr(const json& line, const char* field, const char* otherwise) {
  return line.contains(field) ? line.at(field).get<std::string>() : otherwise;
}

TimePoint TimeOf(const json& value) { return TimePoint(Duration(value.get<std::int64_t>())); }

Operation ParseLine(const std::string& text) {
  const json line = json::parse(text);
  if (!line.is_object()) throw std::invalid_argument("not an object");
  for (const auto& field : line.items()) {
    if (std::ranges::find(kFields, field.key()) == kFields.end()) {
      throw std::invalid_argument("no field is called " + Quoted(field.key()));
    }
  }
  const std::string op = line.at("op").get<std::string>();
  const std::optional<Kind> kind = KindOf(op);
  if (!kind) throw std::invalid_argument("no operation is called " + Quoted(op));
  const std::string ok = line.at("ok").get<std::string>();
  const std::optional<Outcome> outcome = OutcomeOf(ok);
  if (!outcome) throw std::invalid_argument("no outcome is called " + Quoted(ok));
  Operation operation{
      .client = line.value("client", std::uint32_t{0}),
      .key = line.at("key").get<std::string>(),
      .kind = *kind,
      .argument = TextOr(line, "arg", ""),
      .expected = TextOr(line, "expected", ""),
      .outcome = *outcome,
      .result = TextOr(line, "result", ""),
      .version = TextOr(line, "version", ""),
      .invoked_at = TimeOf(line.at("start_ns")),
      .returned_at = {},
  };
  if (line.contains("end_ns") && !line.at("end_ns").is_null()) {
    operation.returned_at = TimeOf(line.at("end_ns"));
  }
  if (const std::string flaw = Flaw(operation); !flaw.empty()) throw std::invalid_argument(flaw);
  return operation;
}

}  // namespace

std::variant<History, std::string> ParseHistory(const std::string& text) {
  History history;
  std::istringstream in(text);
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      history.push_back(ParseLine(line));
    } catch (const std::exception& error) {  // Of nlohmann::json, or of ours.
      return "line " + std::to_string(number) + ": " + error.what();
    }
  }
  return history;
}

}  // namespace aegis::linearizability

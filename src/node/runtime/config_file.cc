#include "node/runtime/config_file.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <stdexcept>
#include <utility>

namespace aegis::node {

namespace {

struct Refused : std::runtime_error {
  Refused(const YAML::Mark& at, const std::string& why)
      : std::runtime_error(why), line(static_cast<std::size_t>(at.line + 1)) {}
  std::size_t line;
};

// Reads events instead of a node tree: every key keeps its line, duplicates stay visible, and an
// alias cannot make a cycle.
class TopLevel final : public YAML::EventHandler {
 public:
  std::vector<FileEntry> Take() && { return std::move(entries_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Refused(mark, "there is a second document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    // A file of nothing but comments is a null document.
    if (place_ != Place::kOutside) Scalar(mark, anchor, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                const std::string& value) override {
    Scalar(mark, anchor, value);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused(mark, "aliases have no use here");
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    RefuseAnchor(mark, anchor);
    if (place_ != Place::kValue) throw Refused(mark, "a list is not expected here");
    entries_.back().is_list = true;
    first_item_ = true;
    place_ = Place::kItem;
  }
  void OnSequenceEnd() override { place_ = Place::kKey; }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    RefuseAnchor(mark, anchor);
    if (place_ != Place::kOutside)
      throw Refused(mark, "a mapping is not expected here (is a brace not closed?)");
    place_ = Place::kKey;
  }
  void OnMapEnd() override { place_ = Place::kOutside; }

 private:
  enum class Place { kOutside, kKey, kValue, kItem };

  static void RefuseAnchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) throw Refused(mark, "anchors have no use here");
  }

  void Scalar(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& value) {
    RefuseAnchor(mark, anchor);
    switch (place_) {
      case Place::kOutside:
        throw Refused(mark, "expected settings as 'name: value', or a JSON object");
      case Place::kKey:
        entries_.push_back({value, {}, false, static_cast<std::size_t>(mark.line + 1)});
        place_ = Place::kValue;
        return;
      case Place::kValue:
        entries_.back().value = value;
        place_ = Place::kKey;
        return;
      case Place::kItem:
        if (!std::exchange(first_item_, false)) entries_.back().value += ',';
        entries_.back().value += value;
        return;
    }
  }

  std::vector<FileEntry> entries_;
  Place place_ = Place::kOutside;
  bool first_item_ = false;
  int documents_ = 0;
};

}  // namespace

Result<std::vector<FileEntry>> ParseConfigFile(std::string_view text, std::string_view name) {
  const auto invalid = [&](std::size_t line, const std::string& why) {
    return Error{ErrorCode::kInvalid, std::string(name) + ":" + std::to_string(line) + ": " + why};
  };
  if (text.size() > kConfigFileSizeMax) return invalid(1, "larger than 1 MiB");
  std::istringstream stream{std::string(text)};
  TopLevel top_level;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(top_level)) {
    }
  } catch (const Refused& refused) {
    return invalid(refused.line, refused.what());
  } catch (const YAML::Exception& error) {
    return invalid(static_cast<std::size_t>(error.mark.line + 1), error.msg);
  }
  return std::move(top_level).Take();
}

}  // namespace aegis::node

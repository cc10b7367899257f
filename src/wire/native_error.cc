#include "wire/native_error.h"

#include <algorithm>
#include <array>

namespace aegis::wire {
namespace {

struct CodeOfStatus {
  Status status;
  std::string_view code;
};

constexpr std::array kCodes{
    CodeOfStatus{Status::kInvalid, "INVALID"},
    CodeOfStatus{Status::kTooLarge, "TOOLARGE"},
    CodeOfStatus{Status::kOutOfMemory, "OOM"},
    CodeOfStatus{Status::kNotLeader, "NOTLEADER"},
    CodeOfStatus{Status::kUnavailable, "UNAVAILABLE"},
    CodeOfStatus{Status::kUnknownOutcome, "UNKNOWNOUTCOME"},
    CodeOfStatus{Status::kTooFewCopies, "TOOFEWCOPIES"},
    CodeOfStatus{Status::kBusy, "BUSY"},
    CodeOfStatus{Status::kSessionLost, "SESSIONLOST"},
};

Bytes Join(std::string_view code, ByteView text) {
  Bytes joined;
  joined.reserve(code.size() + 1 + text.size());
  return joined.append(code).append(1, ' ').append(text);
}

std::string_view FirstWord(ByteView text) { return text.substr(0, text.find(' ')); }

const CodeOfStatus* FindCode(std::string_view code) {
  for (const CodeOfStatus& entry : kCodes) {
    if (entry.code == code) return &entry;
  }
  return nullptr;
}

}  // namespace

ReplyStatus ReplyStatusOf(Status status) {
  switch (status) {
    case Status::kOk:
      return ReplyStatus::kOk;
    case Status::kNotFound:
      return ReplyStatus::kNotFound;
    case Status::kConflict:
      return ReplyStatus::kVersionConflict;
    default:
      return ReplyStatus::kError;
  }
}

std::string_view ErrorCodeOf(Status status) {
  for (const CodeOfStatus& entry : kCodes) {
    if (entry.status == status) return entry.code;
  }
  return {};
}

Bytes ErrorText(Status status, ByteView text) {
  const std::string_view code = ErrorCodeOf(status);
  return code.empty() ? Bytes() : Join(code, text);
}

Bytes ErrorText(const Error& error) {
  if (error.code == ErrorCode::kTooLarge) return ErrorText(Status::kTooLarge, error.message);
  return Join(kProtocolErrorCode, error.message);
}

Status StatusOf(const ReplyFrame& frame) {
  switch (frame.status) {
    case ReplyStatus::kOk:
      return Status::kOk;
    case ReplyStatus::kNotFound:
      return Status::kNotFound;
    case ReplyStatus::kVersionConflict:
      return Status::kConflict;
    case ReplyStatus::kRedirect:
      return Status::kNotLeader;
    case ReplyStatus::kError:
      break;
  }
  if (IsProtocolError(frame)) return Status::kInvalid;
  const CodeOfStatus* entry = FindCode(FirstWord(frame.error));
  return entry != nullptr ? entry->status : Status::kUnknownOutcome;
}

ByteView ErrorTextOf(const ReplyFrame& frame) {
  const std::string_view word = FirstWord(frame.error);
  if (word != kProtocolErrorCode && FindCode(word) == nullptr) return frame.error;
  return frame.error.substr(std::min(word.size() + 1, frame.error.size()));
}

bool IsProtocolError(const ReplyFrame& frame) {
  return frame.status == ReplyStatus::kError && FirstWord(frame.error) == kProtocolErrorCode;
}

}  // namespace aegis::wire

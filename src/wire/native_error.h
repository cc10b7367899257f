// How a Status travels in a native reply.
//
//   kOk        ReplyStatus::kOk
//   kNotFound  ReplyStatus::kNotFound
//   kConflict  ReplyStatus::kVersionConflict, `version` = what the key has
//   the rest   ReplyStatus::kError, `error` = CODE + ' ' + a text for people
//
// The codes are INVALID, TOOLARGE, OOM, NOTLEADER, UNAVAILABLE, UNKNOWNOUTCOME, TOOFEWCOPIES,
// BUSY and SESSIONLOST, one for each remaining Status, and PROTOCOL for a request that could not be
// read at all. Clients act on the code alone; the text may change.

#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/operation.h"
#include "wire/native.h"

namespace aegis::wire {

inline constexpr std::string_view kProtocolErrorCode = "PROTOCOL";

ReplyStatus ReplyStatusOf(Status status);

// "INVALID", "TOOLARGE", ...; empty for a status that is not an error.
std::string_view ErrorCodeOf(Status status);

// What goes into ReplyFrame::error. Empty for a status that is not an error.
Bytes ErrorText(Status status, ByteView text);

// The same for a request that did not decode: "TOOLARGE ..." or "PROTOCOL ...".
Bytes ErrorText(const Error& error);

// The other way. kRedirect is kNotLeader (the frame's address leads); PROTOCOL is kInvalid; an
// error without a code that we know is kUnknownOutcome, the only reading that is never wrong.
Status StatusOf(const ReplyFrame& frame);

// What came behind the code, or all of the error when it has no code. Borrows from the frame.
ByteView ErrorTextOf(const ReplyFrame& frame);

// The peer could not read what we sent, and closes the connection behind this reply.
bool IsProtocolError(const ReplyFrame& frame);

}  // namespace aegis::wire

#include "client/core/requests.h"

#include <string>
#include <utility>

#include "model/endpoint.h"
#include "model/limits.h"
#include "model/operation.h"
#include "wire/operation_codec.h"

namespace aegis::client {
namespace {

std::optional<ClientError> Check(std::string_view key, std::string_view value, Ttl ttl) {
  if (key.size() < limits::kKeySizeMin) return ClientError{Errc::kInvalid, "an empty key"};
  if (key.size() > limits::kKeySizeMax) {
    return ClientError{Errc::kTooLarge, "a key of " + std::to_string(key.size()) +
                                            " bytes; the limit is " +
                                            std::to_string(limits::kKeySizeMax)};
  }
  if (value.size() > limits::kValueSizeMax) {
    return ClientError{Errc::kTooLarge, "a value of " + std::to_string(value.size()) +
                                            " bytes; the limit is " +
                                            std::to_string(limits::kValueSizeMax)};
  }
  if (ttl && (ttl->count() < 1 || ttl->count() > limits::kTtlMsMax)) {
    return ClientError{Errc::kInvalid, "a TTL of " + std::to_string(ttl->count()) +
                                           " ms; allowed are 1 to " +
                                           std::to_string(limits::kTtlMsMax)};
  }
  return std::nullopt;
}

Request Plain(wire::Command command, bool is_write, std::string_view key) {
  Request request;
  request.command = command;
  request.is_write = is_write;
  request.key = key;
  return request;
}

Request Execute(const Operation& operation) {
  Request request = Plain(wire::Command::kExecute, operation.IsWrite(), operation.key);
  wire::AppendOperation(operation, request.value);
  return request;
}

Operation On(OpCode code, std::string_view key, Quorum quorum, Position seen) {
  Operation operation;
  operation.code = code;
  operation.key = key;
  operation.quorum = quorum;
  operation.session = seen;
  return operation;
}

void SetExpiry(Operation& operation, Ttl ttl) {
  operation.expiry = ttl ? ExpiryKind::kRelative : ExpiryKind::kNone;
  operation.expiry_ms = ttl ? ttl->count() : 0;
}

}  // namespace

Expected<Request> GetRequest(std::string_view key, Quorum quorum, Staleness staleness,
                             Position seen) {
  if (auto wrong = Check(key, {}, {})) return *std::move(wrong);
  if (staleness) {
    Operation operation = On(OpCode::kGet, key, {}, seen);
    operation.max_stale_ms = *staleness == kAnyAge ? kAnyStaleness : staleness->count();
    Request request = Execute(operation);
    request.any_copy = true;
    return request;
  }
  if (quorum || seen) return Execute(On(OpCode::kGet, key, quorum, seen));
  return Plain(wire::Command::kGet, false, key);
}

Expected<Request> SetRequest(std::string_view key, std::string_view value,
                             const SetOptions& options, Quorum quorum, Position seen) {
  if (auto wrong = Check(key, value, options.ttl)) return *std::move(wrong);
  if (options.when == SetWhen::kAlways && !quorum && !seen) {
    Request request = Plain(wire::Command::kSet, true, key);
    request.value = value;
    request.ttl_ms = options.ttl ? options.ttl->count() : 0;
    return request;
  }
  Operation operation = On(OpCode::kSet, key, quorum, seen);
  operation.value = value;
  if (options.when == SetWhen::kIfAbsent) operation.condition = Condition::kIfAbsent;
  if (options.when == SetWhen::kIfPresent) operation.condition = Condition::kIfPresent;
  SetExpiry(operation, options.ttl);
  return Execute(operation);
}

Expected<Request> CompareAndSetRequest(std::string_view key, std::string_view value,
                                       std::uint64_t expected, Ttl ttl, Quorum quorum,
                                       Position seen) {
  if (auto wrong = Check(key, value, ttl)) return *std::move(wrong);
  Operation operation = On(OpCode::kSet, key, quorum, seen);
  operation.value = value;
  operation.condition = Condition::kIfVersion;
  operation.expected = Version::Unpack(expected);
  SetExpiry(operation, ttl);
  return Execute(operation);
}

Expected<Request> DeleteRequest(std::string_view key, Quorum quorum, Position seen) {
  if (auto wrong = Check(key, {}, {})) return *std::move(wrong);
  if (quorum || seen) return Execute(On(OpCode::kDelete, key, quorum, seen));
  return Plain(wire::Command::kDelete, true, key);
}

Expected<Request> ExpireRequest(std::string_view key, Ttl ttl, Quorum quorum, Position seen) {
  if (auto wrong = Check(key, {}, ttl)) return *std::move(wrong);
  Operation operation = On(OpCode::kExpire, key, quorum, seen);
  SetExpiry(operation, ttl);
  return Execute(operation);
}

Expected<Request> IncrementRequest(std::string_view key, std::int64_t delta, Quorum quorum,
                                   Position seen) {
  if (auto wrong = Check(key, {}, {})) return *std::move(wrong);
  Operation operation = On(OpCode::kIncrement, key, quorum, seen);
  operation.number = delta;
  return Execute(operation);
}

bool IsQuorum(Quorum quorum) {
  return !quorum || (*quorum >= kAllCopies && *quorum <= int{limits::kReplicationFactorMax});
}

bool IsStaleness(Staleness staleness) {
  return !staleness || *staleness == kAnyAge ||
         (staleness->count() >= 1 && staleness->count() <= limits::kStalenessMsMax);
}

Expected<Request> NodeRequest(wire::Command command, std::string_view address) {
  Request request = Plain(command, false, {});
  if (address.empty()) return request;
  Expected<std::string> checked = CheckAddress(address);
  if (!checked.ok()) return checked.error();
  request.address = std::move(checked).value();
  return request;
}

Expected<std::string> CheckAddress(std::string_view address) {
  const Result<Endpoint> endpoint = ParseEndpoint(address);
  const std::string quoted = "\"" + std::string(address) + "\": ";
  if (!endpoint.ok()) return ClientError{Errc::kInvalid, quoted + endpoint.error().message};
  if (endpoint.value().host.empty()) return ClientError{Errc::kInvalid, quoted + "no host"};
  if (endpoint.value().port == 0) return ClientError{Errc::kInvalid, quoted + "port 0"};
  return endpoint.value().ToString();
}

}  // namespace aegis::client

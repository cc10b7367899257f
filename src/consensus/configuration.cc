#include "consensus/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aegis::consensus {
namespace {

constexpr char kFormat = 1;
constexpr char kVoterCode = 1;
constexpr char kSpareCode = 2;
constexpr std::size_t kDigitsMax = 20;
constexpr std::size_t kEncodedSizeMax = 1 + 8 + kServersMax * (8 + kDigitsMax + 1 + 1) + 7;

void AppendLittleEndian(std::uint64_t value, Bytes& out) {
  for (unsigned shift = 0; shift < 64; shift += 8) {
    out.push_back(static_cast<char>(value >> shift & 0xffU));
  }
}

std::uint64_t LoadLittleEndian(ByteView from) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i) {
    value = value << 8U | static_cast<unsigned char>(from[i - 1]);
  }
  return value;
}

Error NoConfiguration(const char* why) {
  return {ErrorCode::kMalformed, fmt::format("not a configuration: {}", why)};
}

// What the servers of an encoding are, whether or not they are a configuration.
Result<std::vector<Server>> ReadServers(ByteView data) {
  if (data.size() < 9 || data.size() > kEncodedSizeMax || data.front() != kFormat) {
    return NoConfiguration("its size or format");
  }
  const std::uint64_t n = LoadLittleEndian(data.substr(1));
  if (n > kServersMax) return NoConfiguration("too many servers");
  data.remove_prefix(9);
  std::vector<Server> servers;
  for (std::uint64_t i = 0; i < n; ++i) {
    if (data.size() < 8) return NoConfiguration("it ends early");
    const ServerId id{LoadLittleEndian(data)};
    data.remove_prefix(8);
    const std::size_t address_size = data.find('\0');
    if (address_size == ByteView::npos || data.size() < address_size + 2) {
      return NoConfiguration("it ends early");
    }
    const char role = data[address_size + 1];
    if (role != kVoterCode && role != kSpareCode) return NoConfiguration("an unknown role");
    servers.push_back({id, role == kVoterCode ? ServerRole::kVoter : ServerRole::kSpare});
    data.remove_prefix(address_size + 2);
  }
  return servers;
}

bool SameIds(const std::vector<Server>& a, const std::vector<Server>& b) {
  return std::ranges::equal(a, b, {}, &Server::id, &Server::id);
}

bool IsVoter(const std::vector<Server>& servers, ServerId id) {
  const Server* const server = FindServer(servers, id);
  return server != nullptr && server->role == ServerRole::kVoter;
}

}  // namespace

Bytes EncodeServers(const std::vector<Server>& servers) {
  Bytes out(1, kFormat);
  AppendLittleEndian(servers.size(), out);
  for (const Server& server : servers) {
    AppendLittleEndian(server.id.value(), out);
    out += fmt::format("{}", server.id.value());
    out.push_back('\0');
    out.push_back(server.role == ServerRole::kVoter ? kVoterCode : kSpareCode);
  }
  out.resize((out.size() + 7) / 8 * 8, '\0');
  return out;
}

Result<std::vector<Server>> DecodeServers(ByteView data) {
  Result<std::vector<Server>> servers = ReadServers(data);
  if (!servers.ok()) return servers;
  if (const Result<Ok> good = CheckServers(servers.value()); !good.ok()) {
    return NoConfiguration(good.error().message.c_str());
  }
  // libraft reads addresses and filling without looking where they end.
  if (EncodeServers(servers.value()) != data) return NoConfiguration("its addresses or filling");
  return servers;
}

Result<Ok> CheckServers(const std::vector<Server>& servers) {
  if (servers.size() > kServersMax) {
    return Error{ErrorCode::kInvalid, fmt::format("more than {} servers", kServersMax)};
  }
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (servers[i].id == ServerId{} || (i > 0 && servers[i].id <= servers[i - 1].id)) {
      return Error{ErrorCode::kInvalid, "servers are not sorted by id, each once, none 0"};
    }
  }
  if (CountVoters(servers) == 0) return Error{ErrorCode::kInvalid, "no voter would be left"};
  return Ok{};
}

Result<Ok> CheckChange(const std::vector<Server>& from, const std::vector<Server>& to) {
  if (Result<Ok> good = CheckServers(to); !good.ok()) return good;
  std::size_t changed = 0;
  for (const Server& server : from) {
    if (server.role == ServerRole::kVoter && FindServer(to, server.id) != nullptr &&
        !IsVoter(to, server.id)) {
      return Error{ErrorCode::kInvalid, "a voter cannot become a spare: remove it"};
    }
    if (server.role == ServerRole::kVoter && !IsVoter(to, server.id)) ++changed;
  }
  for (const Server& server : to) {
    if (server.role == ServerRole::kVoter && !IsVoter(from, server.id)) ++changed;
  }
  if (changed > 1) return Error{ErrorCode::kInvalid, "more than one voter would change"};
  if (from.size() == to.size() && !SameIds(from, to)) {
    return Error{ErrorCode::kInvalid, "servers would be exchanged: remove one, then add the other"};
  }
  return Ok{};
}

std::size_t CountVoters(const std::vector<Server>& servers) {
  return static_cast<std::size_t>(std::ranges::count(servers, ServerRole::kVoter, &Server::role));
}

bool IsLoneVoter(const std::vector<Server>& servers, ServerId id) {
  return IsVoter(servers, id) && CountVoters(servers) == 1;
}

const Server* FindServer(const std::vector<Server>& servers, ServerId id) {
  const auto found = std::ranges::find(servers, id, &Server::id);
  return found == servers.end() ? nullptr : &*found;
}

}  // namespace aegis::consensus

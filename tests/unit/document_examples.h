// The worked examples of docs/PROTOCOL.md, for the tests that hold them against the code.

#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

#include "base/bytes.h"

namespace aegis {

inline std::string ReadProtocolDocument() {
  std::ifstream in(std::string(AEGIS_SOURCE_DIR) + "/docs/PROTOCOL.md");
  EXPECT_TRUE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The bytes of each block "```<language> <name>": every line begins with pairs of hex digits,
// separated by single blanks; two blanks begin a comment.
inline std::map<std::string, Bytes> ReadExamples(const std::string& language) {
  std::map<std::string, Bytes> examples;
  std::istringstream document(ReadProtocolDocument());
  const std::string fence = "```" + language + " ";
  Bytes* example = nullptr;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("```")) {
      example = line.starts_with(fence) ? &examples[line.substr(fence.size())] : nullptr;
      continue;
    }
    if (example == nullptr) continue;
    std::istringstream bytes(line.substr(0, line.find("  ")));
    for (std::string byte; bytes >> byte;) {
      EXPECT_EQ(byte.size(), 2U) << line;
      example->push_back(static_cast<char>(std::stoi(byte, nullptr, 16)));
    }
  }
  return examples;
}

inline std::string Hex(const Bytes& bytes) {
  std::string hex;
  for (const char byte : bytes) {
    constexpr ByteView kDigits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    hex += {kDigits[value >> 4U], kDigits[value & 0xfU], ' '};
  }
  return hex;
}

// Every example of this language is one that the code writes, and the other way round.
inline void ExpectSameExamples(const std::map<std::string, Bytes>& documented,
                               const std::map<std::string, Bytes>& written) {
  for (const auto& [name, bytes] : written) {
    ASSERT_TRUE(documented.contains(name)) << name << " is missing from the document";
    EXPECT_EQ(Hex(documented.at(name)), Hex(bytes)) << name;
  }
  EXPECT_EQ(documented.size(), written.size()) << "an example that nothing checks";
}

}  // namespace aegis

#include "wire/base64.h"

#include <gtest/gtest.h>

namespace aegis::wire {
namespace {

Bytes Decoded(ByteView text) {
  Bytes decoded = "left over";
  return DecodeBase64(text, decoded) ? decoded : "(none)";
}

TEST(Base64Test, TheExamplesOfTheRfcAreRead) {
  EXPECT_EQ(Decoded(""), "");
  EXPECT_EQ(Decoded("Zg=="), "f");
  EXPECT_EQ(Decoded("Zm8="), "fo");
  EXPECT_EQ(Decoded("Zm9v"), "foo");
  EXPECT_EQ(Decoded("Zm9vYmFy"), "foobar");
  EXPECT_EQ(Decoded("AP+/"), Bytes("\0\xff\xbf", 3));
}

TEST(Base64Test, WhatIsNotBase64IsRefused) {
  for (const char* bad :
       {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v=", "Z=9v", "Zm 9", "Zm-_"}) {
    EXPECT_EQ(Decoded(bad), "(none)") << bad;
  }
}

}  // namespace
}  // namespace aegis::wire

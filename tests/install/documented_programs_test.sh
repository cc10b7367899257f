#!/usr/bin/env bash
# documented_programs_test.sh SOURCE_DIR BINARY_DIR CXX_COMPILER CXX_FLAGS
#
# Every C++ block of README.md and docs/CLIENT.md is a whole program that builds, without a warning,
# against what client_package_test.sh installed in BINARY_DIR/install-test.

set -euo pipefail

source_dir=$1 binary_dir=$2 compiler=$3 flags=$4
scratch=$binary_dir/install-test/documented
rm -rf "$scratch"
mkdir -p "$scratch"

export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$binary_dir/install-test/prefix" -name 'aegiskv-client.pc')")
read -ra compile <<<"$flags $(pkg-config --cflags aegiskv-client)"
read -ra link <<<"$(pkg-config --libs aegiskv-client)"

for document in README.md docs/CLIENT.md; do
  name=$(basename "$document" .md)
  awk -v name="$scratch/$name" '
    /^```/ { inside = ($0 == "```cpp"); if (inside) file = name "-" ++blocks ".cc"; next }
    inside { print >file }
  ' "$source_dir/$document"
  programs=("$scratch/$name"-*.cc)
  [[ -e ${programs[0]} ]] || { echo "$document has no C++ program any more"; exit 1; }
  for program in "${programs[@]}"; do
    echo "== $document: $(basename "$program")"
    "$compiler" -std=c++20 -Wall -Wextra -Werror "${compile[@]}" "$program" -o "${program%.cc}" \
      "${link[@]}"
  done
done

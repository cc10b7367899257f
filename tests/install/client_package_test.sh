#!/usr/bin/env bash
# client_package_test.sh SOURCE_DIR BINARY_DIR CXX_COMPILER CXX_FLAGS
#
# What a user of the C++ client does: install it, copy examples/, and build them against the
# installed files alone, once with find_package(aegiskv) and once with pkg-config. What it built
# stays in BINARY_DIR/install-test for examples_test.py.

set -euo pipefail

source_dir=$1 binary_dir=$2 compiler=$3 flags=$4
scratch=$binary_dir/install-test
rm -rf "$scratch"
mkdir -p "$scratch"
prefix=$scratch/prefix

cmake --install "$binary_dir" --prefix "$prefix" --component Unspecified >"$scratch/install.log"
cp -r "$source_dir/examples" "$scratch/examples"

echo "== find_package(aegiskv)"
cmake -S "$scratch/examples" -B "$scratch/by-cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_BUILD_TYPE=Release \
  >"$scratch/configure.log"
cmake --build "$scratch/by-cmake" --parallel 2

echo "== pkg-config aegiskv-client"
export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name 'aegiskv-client.pc')")
read -ra compile <<<"$flags $(pkg-config --cflags aegiskv-client)"
read -ra link <<<"$(pkg-config --libs aegiskv-client)"
for source in "$scratch"/examples/*.cc; do
  "$compiler" -std=c++20 -O1 -Wall -Wextra -Werror "${compile[@]}" "$source" -o "${source%.cc}" \
    "${link[@]}"
done

# With nobody listening the example says so, and does not hang or succeed.
echo "== the example without a cluster"
status=0
timeout 200 "$scratch/by-cmake/quickstart" 127.0.0.1:1 >"$scratch/run.log" 2>&1 || status=$?
cat "$scratch/run.log"
[[ $status -eq 1 ]]
grep -q Unavailable "$scratch/run.log"

# Nothing that was installed leads back into this tree.
if grep -rIl --fixed-strings -e "$source_dir/src" -e "$source_dir/include" "$prefix"; then
  echo "the files above name this source tree"
  exit 1
fi
echo "== the package is whole"

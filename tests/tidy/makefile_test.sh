#!/usr/bin/env bash
# What `make` builds without being asked for tests: with --dry-run, so that nothing is built here.

set -euo pipefail
cd "$(dirname "$0")/../.."

for goal in demo run install; do
  # Handed down by a make that runs this test, it would change what is printed.
  builds=$(env -u MAKEFLAGS -u MAKELEVEL make --dry-run "$goal" | grep -e 'cmake --build')
  if grep -v -e '--target' <<<"$builds"; then
    echo "make $goal: the command above builds everything, the tests too"
    exit 1
  fi
done

# Everything that CMake installs is built by then.
installed=$(sed -nE 's/^ *install\(TARGETS ([a-z_-]+).*/\1/p' src/*/CMakeLists.txt | sort)
[[ $installed == *aegiskv_client* ]]
targets=$(env -u MAKEFLAGS -u MAKELEVEL make --dry-run install |
  sed -nE 's/.*cmake --build.*--target (.*)/\1/p' | tr ' ' '\n' | sort)
diff <(echo "$installed") <(echo "$targets")

#!/usr/bin/env bash
# What scripts/setup promises, with the package manager and everything that needs root replaced by
# recorders: it is silent and calls nothing when nothing is missing, installs exactly what is
# missing, and ends with a clear error otherwise.

set -euo pipefail

box=$(mktemp -d)
trap '/bin/rm -rf "$box"' EXIT
mkdir "$box/bin"
cp "$(dirname "$0")/../../scripts/setup" "$box/setup"
cat >"$box/packages" <<'EOT'
# A comment.
[tools]   # Another.
first
second    # A third.
third third-command

[more]
fourth
first
EOT

# recorder NAME [BODY]: a command that appends its words to $box/calls.
recorder() {
  printf '#!/bin/bash\necho "%s $*" >>"%s/calls"\n%s\n' "$1" "$box" "${2-}" >"$box/bin/$1"
  chmod +x "$box/bin/$1"
}
# The installed packages are the lines of $box/installed.
cat >"$box/bin/dpkg-query" <<EOT
#!/bin/bash
[[ \$1 == --listfiles ]] && exit 0
grep -qx -- "\${@: -1}" "$box/installed" && printf installed
EOT
chmod +x "$box/bin/dpkg-query"
recorder systemctl
recorder chmod
recorder tee 'cat >/dev/null'
recorder sudo '"$@"'
recorder apt-get "
  for word in \"\$@\"; do [[ \$word == install ]] && installing=yes; done
  if [[ \${installing-} ]]; then printf '%s\\n' \"\$@\" >>'$box/installed'; fi"

run_setup() {
  : >"$box/calls"
  status=0
  output=$(PATH="$box/bin:$PATH" "$box/setup" "$@" 2>&1) || status=$?
}

expect() {  # expect WHAT CONDITION...
  local what=$1
  shift
  if ! "$@"; then
    printf 'FAILED: %s\nstatus %s, output:\n%s\ncalls:\n' "$what" "$status" "$output"
    cat "$box/calls"
    exit 1
  fi
  echo "ok: $what"
}
calls() { grep -q -- "$1" "$box/calls"; }

printf '%s\n' first second third fourth >"$box/installed"
run_setup tools more
expect "with nothing missing it succeeds" [ "$status" -eq 0 ]
expect "with nothing missing it prints nothing" [ -z "$output" ]
expect "with nothing missing it calls neither apt-get nor sudo" [ ! -s "$box/calls" ]

echo second >"$box/installed"
run_setup tools
expect "what is missing gets installed" [ "$status" -eq 0 ]
expect "exactly what is missing gets installed" calls 'install .*recommends first third$'
run_setup tools
expect "a second run finds everything there" [ ! -s "$box/calls" ]
run_setup tools more
expect "what two groups name is installed once" calls 'install .*recommends fourth$'

echo second >"$box/installed"
recorder third-command
run_setup tools
expect "a command that is there already stands for its package" calls 'recommends first$'

run_setup nonsense
expect "an unknown group is an error" [ "$status" -eq 1 ]
expect "that error names the group" grep -q "no group 'nonsense'" <<<"$output"
run_setup
expect "no group is an error" grep -q usage <<<"$output"

: >"$box/installed"
recorder apt-get 'echo "E: the mirror is away" >&2; exit 100'
run_setup more
expect "a failing apt-get is an error" [ "$status" -eq 1 ]
expect "that error shows what apt-get said" grep -q "E: the mirror is away" <<<"$output"

recorder apt-get
run_setup more
expect "an apt-get that lies is found out" grep -q "is not installed" <<<"$output"

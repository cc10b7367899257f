#!/usr/bin/env bash
# What scripts/setup promises, with the package manager and everything that needs root replaced by
# recorders: it is silent and calls nothing when nothing is missing, installs exactly what is
# missing, takes from the backports what the release has only in an old version, and ends with a
# clear error otherwise.

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

[recent]
fifth >=0.22  # A fifth.
EOT

# recorder NAME [BODY]: a command that appends its words to $box/calls.
recorder() {
  printf '#!/bin/bash\necho "%s $*" >>"%s/calls"\n%s\n' "$1" "$box" "${2-}" >"$box/bin/$1"
  chmod +x "$box/bin/$1"
}
# The installed packages are the lines of $box/installed: package or package=version.
cat >"$box/bin/dpkg-query" <<EOT
#!/bin/bash
[[ \$1 == --listfiles ]] && exit 0
line=\$(grep -xE -- "\${@: -1}(=.*)?" "$box/installed") && echo "installed \${line#*=}"
EOT
chmod +x "$box/bin/dpkg-query"
recorder systemctl
recorder chmod
recorder tee "cat >'$box/written'"
recorder sudo '"$@"'
# What apt knows are the lines of $box/available, and those of $box/backports once they are enabled.
# Its one source of the release is $box/source.
cat >"$box/bin/apt-cache" <<EOT
#!/bin/bash
cat "$box/available"
if grep -qs backports "$box/written"; then cat "$box/backports"; fi
EOT
chmod +x "$box/bin/apt-cache"
cat >"$box/install-body" <<EOT
  for word in "\$@"; do [[ \$word == install ]] && installing=yes; done
  if [[ \${installing-} ]]; then printf '%s\n' "\$@" >>"$box/installed"; fi
  if [[ \$1 == indextargets && -e "$box/source" ]]; then cat "$box/source"; fi
EOT
recorder apt-get "$(cat "$box/install-body")"

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

# shellcheck source=/dev/null
release=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
fifth_is() { printf 'fifth | %s | a mirror\n' "$1"; }
source_is() {  # source_is NAME NUMBER: and one of somebody else, before it.
  printf 'Else|%s|main|%s\nDebian|%s-updates|main|%s\nDebian|%s|main|%s\n' \
    "$release" else.list:1 "$release" else.list:1 "$release" "$box/$1:$2" >"$box/source"
}
enabled_is() { [[ $(cat "$box/written") == "$1" ]]; }
echo fifth=0.22.1-1~bpo12+1 >"$box/installed"
run_setup recent
expect "a version that is recent enough stays" [ ! -s "$box/calls" ]

echo fifth=0.15.0-1 >"$box/installed"
fifth_is 0.22.1-1 >"$box/available"
run_setup recent
expect "an old version is replaced" calls 'install .*recommends fifth=0.22.1-1$'
expect "no suite is enabled that is not needed" [ ! -e "$box/written" ]

fifth_is 0.22.1-1~bpo >"$box/backports"
fifth_is 0.15.0-1 >"$box/available"
printf '# Ours.\ndeb [signed-by=/a/key arch=amd64] http://mirror/debian %s main contrib\n' \
  "$release" >"$box/ours.list"
source_is ours.list 2
: >"$box/installed"
run_setup recent
expect "what the release lacks is taken from its backports" calls 'fifth=0.22.1-1~bpo$'
expect "that takes a file of its own" calls "^tee /etc/apt/sources.list.d/aegiskv-$release-backports.list$"
expect "it has the same mirror, key and options" \
  enabled_is "deb [signed-by=/a/key arch=amd64] http://mirror/debian $release-backports main"

rm "$box/written"
cat >"$box/ours.sources" <<EOT
Types: deb
URIs: http://mirror/else
Suites: else

Types: deb deb-src
# A comment.
URIs: http://mirror/debian
Suites: $release
  $release-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
EOT
source_is ours.sources 2
: >"$box/installed"
run_setup recent
expect "a stanza is copied as well" calls "aegiskv-$release-backports.sources$"
expect "with its mirror and key" enabled_is "URIs: http://mirror/debian
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
Types: deb
Suites: $release-backports
Components: main"

rm "$box/written"
fifth_is 0.21 >"$box/backports"
: >"$box/installed"
run_setup recent
expect "backports that are too old are an error" \
  grep -q "no source has fifth in version 0.22 or later" <<<"$output"
rm -f "$box/written" "$box/source"
run_setup recent
expect "no source of the release is an error" grep -q "by hand" <<<"$output"

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

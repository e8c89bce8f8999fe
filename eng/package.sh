#!/usr/bin/env bash
# Makes what one installs for real: a tar for any Linux, and a Debian package.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
output=$root/artifacts/package
version='' programs='' kinds=()

usage() {
  cat <<'HELP'
Usage: eng/package.sh [options] [tar] [deb]        default: both

  --output DIR     where they are put (default: artifacts/package)
  --version V      their version (default: that of the sources)
  --programs DIR   pack these programs (convoy, convoy-agent, convoy-node, convoy-server, convoy-task)
                   instead of building them

  eng/package.sh                         build and pack (about 4 minutes)
  eng/package.sh deb && apt install ./artifacts/package/convoy_*.deb

The programs bring all they need: no .NET has to be installed where they run. The same sources make the same packages,
byte for byte, for the same SDK.
HELP
}

refuse() { echo "error[Usage]: $*; see eng/package.sh --help" >&2; exit 2; }

while [ $# -gt 0 ]; do
  case $1 in
    --output | --version | --programs)
      [ -n "${2:-}" ] || refuse "$1 needs a value"
      declare "${1#--}=$2"
      shift ;;
    --help | -h) usage; exit 0 ;;
    tar | deb) kinds+=("$1") ;;
    *) refuse "unknown argument '$1'" ;;
  esac
  shift
done
[ ${#kinds[@]} -gt 0 ] || kinds=(tar deb)

case $(uname -m) in
  x86_64) rid=linux-x64 debian=amd64 ;;
  aarch64) rid=linux-arm64 debian=arm64 ;;
  *) echo "error[NoSuchMachine]: there are packages for x86_64 and aarch64 alone, and this is $(uname -m)" >&2; exit 3 ;;
esac
[ -n "$version" ] || version=$(sed -nE 's#.*<VersionPrefix>(.*)</VersionPrefix>.*#\1#p' "$root/Directory.Build.props")
[[ $version =~ ^[0-9][0-9A-Za-z.+~-]*$ ]] || refuse "--version takes a version such as 0.1.0, not '$version'"
# Files bear the time of the commit, so that a package can be made again.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

publish() { # PROJECT [OPTION…]
  local project=$1
  shift
  echo "package: building $project" >&2
  dotnet publish "$root/src/$project" --configuration Release --runtime "$rid" --output "$work/programs" -v quiet \
    -p:DebugType=none -p:Version="$version" -p:UseSharedCompilation=false -p:SatelliteResourceLanguages=en "$@" >>"$work/build.log" 2>&1 && return
  tail -n 30 "$work/build.log" >&2
  echo "error[BuildFailed]: $project could not be built; see above" >&2
  exit 1
}

if [ -z "$programs" ]; then
  # shellcheck source=prerequisites.sh
  . "$root/eng/prerequisites.sh"
  require_prerequisites build
  export MSBUILDDISABLENODEREUSE=1
  publish Convoy.Server --self-contained true -p:PublishReadyToRun=true
  publish Convoy.Agent --self-contained true -p:PublishReadyToRun=true
  publish Convoy.Task
  publish Convoy.Node
  publish Convoy.Cli
  programs=$work/programs
fi
for program in convoy convoy-agent convoy-node convoy-server convoy-task; do
  [ -x "$programs/$program" ] || refuse "$programs has no program $program"
done

# 1. The tree as it lies under /usr.
tree=$work/tree/usr
mkdir -p "$tree/bin" "$tree/lib/convoy/python" "$tree/share/doc/convoy/examples"
cp -R "$programs/." "$tree/lib/convoy/"
find "$tree/lib/convoy" \( -name '*.dbg' -o -name '*.pdb' -o -name '*.xml' -o -name packages.lock.json -o -name '*.staticwebassets.*' \) -delete
for program in convoy convoy-agent convoy-server; do ln -s "../lib/convoy/$program" "$tree/bin/$program"; done
rm -rf "$tree/lib/convoy/python"
mkdir "$tree/lib/convoy/python"
cp -R "$root/python/convoy" "$tree/lib/convoy/python/"
find "$tree" -name __pycache__ -prune -exec rm -rf {} +
cp "$root/README.md" "$root/README.zh-CN.md" "$root/CHANGELOG.md" "$root/LICENSE" "$tree/share/doc/convoy/"
cp "$root/LICENSE" "$tree/share/doc/convoy/copyright"
cp -R "$root/docs" "$tree/share/doc/convoy/docs"
cp "$root/deploy/systemd/per-person-uids.conf" "$tree/share/doc/convoy/examples/"
cp -R "$root/samples" "$tree/share/doc/convoy/examples/samples"
for unit in convoy.service convoy-tasks.service; do install -D -m 644 "$root/deploy/systemd/$unit" "$tree/lib/systemd/system/$unit"; done
cp "$root/deploy/convoy.yaml" "$tree/share/doc/convoy/examples/"
cp -R "$root/deploy/kubernetes" "$tree/share/doc/convoy/examples/kubernetes"

# 2. What the command line tells of itself.
convoy=$tree/lib/convoy/convoy
mkdir -p "$tree/share/bash-completion/completions" "$tree/share/zsh/vendor-completions" "$tree/share/fish/vendor_completions.d" "$tree/share/man/man1"
"$convoy" completion bash >"$tree/share/bash-completion/completions/convoy"
"$convoy" completion zsh >"$tree/share/zsh/vendor-completions/_convoy"
"$convoy" completion fish >"$tree/share/fish/vendor_completions.d/convoy.fish"
"$convoy" __man "$tree/share/man/man1"
mkdir "$tree/share/man/man8"
for program in convoy-agent convoy-node convoy-server convoy-task; do
  # In roff a backslash and a dot or quote at the start of a line mean something else.
  help=$("$tree/lib/convoy/$program" --help | sed -e 's/\\/\\e/g' -e 's/-/\\-/g' -e "s/^[.']/\\\\\&\\0/")
  while IFS= read -r line; do
    if [ "$line" = @HELP@ ]; then printf '%s\n' "$help"; else printf '%s\n' "${line//@VERSION@/$version}"; fi
  done <"$root/deploy/man/$program.8.in" >"$tree/share/man/man8/$program.8"
done
find "$tree/share/man" -type f -exec sed -i "s/^\(\.TH [^ ]* [18]\) \"\"/\1 $(date --utc --date="@$SOURCE_DATE_EPOCH" +%F)/" {} + -exec gzip -9n {} +

find "$work/tree" -type d -exec chmod 755 {} +
# What the SDK publishes is executable whether it is a program or not.
find "$work/tree" -type f -exec chmod 644 {} +
for program in convoy convoy-agent convoy-node convoy-server convoy-task; do chmod 755 "$tree/lib/convoy/$program"; done
find "$work/tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$output"

# 3. The packages.
for kind in "${kinds[@]}"; do
  case $kind in
    tar)
      made=$output/convoy-$version-$rid.tar.gz
      tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --directory "$work/tree/usr" \
        --transform "s,^\.,convoy-$version,S" . | gzip -6n >"$made.new"
      mv "$made.new" "$made" ;;
    deb)
      command -v dpkg-deb >/dev/null || { echo "error[NoDpkg]: a Debian package is made with dpkg-deb, which is not here; on this machine: eng/package.sh tar" >&2; exit 3; }
      made=$output/convoy_${version}_$debian.deb
      mkdir -p "$work/tree/DEBIAN" "$work/tree/etc/convoy"
      install -m 644 "$root/deploy/convoy.yaml" "$work/tree/etc/convoy/convoy.yaml"
      echo /etc/convoy/convoy.yaml >"$work/tree/DEBIAN/conffiles"
      sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$debian/" -e "s/@SIZE@/$(du -sk "$work/tree" | cut -f1)/" "$root/deploy/debian/control" >"$work/tree/DEBIAN/control"
      for script in postinst prerm postrm; do
        sed "s/@VERSION@/$version/g" "$root/deploy/debian/$script" >"$work/tree/DEBIAN/$script"
        chmod 755 "$work/tree/DEBIAN/$script"
      done
      find "$work/tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
      dpkg-deb --root-owner-group -Zxz --build "$work/tree" "$made.new" >/dev/null
      mv "$made.new" "$made"
      rm -rf "$work/tree/DEBIAN" "$work/tree/etc" ;;
  esac
  echo "$made"
done

#!/usr/bin/env bash
# Sees to it that what Convoy needs is on this machine: sourced by demo.sh, test.sh and convoy, or run by hand.
#
#   eng/prerequisites.sh [build] [demo] [tests]      default: build demo
#
# What is there is used as it is, without touching the network. Proxies (http_proxy, https_proxy, no_proxy) and the
# package mirrors configured on the machine are honoured.

prerequisites_say() { printf '%s\n' "$*" >&2; }

# The .NET SDK that global.json asks for: on the PATH, or where Microsoft's installer puts it.
prerequisites_has_sdk() {
  command -v "$1" >/dev/null 2>&1 && (cd / && "$1" --list-sdks 2>/dev/null) | grep -q '^10\.0\.[1-9]'
}

prerequisites_use_dotnet() {
  if ! prerequisites_has_sdk dotnet; then
    prerequisites_has_sdk "$HOME/.dotnet/dotnet" || return 1
    export DOTNET_ROOT="$HOME/.dotnet" PATH="$HOME/.dotnet:$PATH"
  fi
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
  # The SDK refuses to start where ICU is missing, unless it is told to do without.
  ldconfig -p 2>/dev/null | grep -q libicuuc || export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
}

prerequisites_has_modules() { "$1" -c 'import sys, importlib.util as u; sys.exit(not all(u.find_spec(m) for m in ("torch", "sklearn")))' >/dev/null 2>&1; }

# The Python that can train: Debian's, for its packages are the ones installed here, else the first on the PATH.
prerequisites_find_python() {
  local python
  for python in /usr/bin/python3 python3; do
    if prerequisites_has_modules "$python"; then printf '%s\n' "$python"; return 0; fi
  done
  return 1
}

# Whether a package that one can do without is to be had; lists that were never fetched say nothing against it.
prerequisites_can_install() { # PACKAGE
  command -v apt-cache >/dev/null || return 1
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || return 1
  [ -n "$(apt-cache show "$1" 2>/dev/null)" ] || ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1
}

# Packages that are missing for what was asked for, one a line.
prerequisites_missing_packages() {
  local what
  for what in "$@"; do
    case $what in
      build)
        if ! command -v clang >/dev/null && ! command -v gcc >/dev/null; then printf 'gcc\nlibc6-dev\n'; fi
        [ -e /usr/include/zlib.h ] || echo zlib1g-dev ;;
      demo)
        prerequisites_find_python >/dev/null || printf 'python3\npython3-torch\npython3-sklearn\n' ;;
      tests)
        # The tests run Debian's own interpreter by its path, whatever lies before it on the PATH.
        [ -x /usr/bin/python3 ] || echo python3
        prerequisites_has_modules /usr/bin/python3 || printf 'python3-torch\npython3-sklearn\n'
        local tool
        for tool in git curl jq zsh fish; do command -v "$tool" >/dev/null || echo "$tool"; done
        command -v groff >/dev/null || echo groff-base
        # A store that speaks S3, which tests start for themselves; where it cannot be had they skip, and say so.
        if prerequisites_can_install radosgw; then
          for tool in ceph-mon ceph-osd radosgw; do command -v "$tool" >/dev/null || echo "$tool"; done
          command -v ceph >/dev/null || echo ceph-common
        fi ;;
    esac
  done | sort -u
}

prerequisites_as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; return; fi
  # sudo forgets the environment, proxies with it.
  sudo env ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} ${no_proxy:+"no_proxy=$no_proxy"} "$@"
}

prerequisites_install_packages() {
  if ! command -v apt-get >/dev/null; then
    prerequisites_say "error[NoApt]: this machine has no apt-get, so nothing was installed; install what these Debian packages bring, then come back:" \
      "$*" "(gcc and zlib's headers with the system's own packages; for the training: python3 -m pip install torch scikit-learn)"
    return 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    prerequisites_say "error[NotRoot]: packages are missing and there is no sudo; run as root: apt-get update && apt-get install --no-install-recommends $*"
    return 1
  fi
  local log
  log=$(mktemp)
  if ! { prerequisites_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
         prerequisites_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install --yes --no-install-recommends ca-certificates "$@"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    prerequisites_say "error[InstallFailed]: apt-get could not install $*; see above, then run: apt-get update && apt-get install $*"
    return 1
  fi
  rm -f "$log"
}

prerequisites_install_dotnet() {
  local installer by_hand='install the .NET 10 SDK from https://dotnet.microsoft.com/download/dotnet/10.0, then come back'
  installer=$(mktemp)
  if ! { if command -v curl >/dev/null; then curl -fsSL --retry 3 -o "$installer" https://dot.net/v1/dotnet-install.sh
         else wget -q -O "$installer" https://dot.net/v1/dotnet-install.sh; fi; } ||
     ! bash "$installer" --channel 10.0 --install-dir "$HOME/.dotnet" --no-path >&2; then
    rm -f "$installer"
    prerequisites_say "error[NoSdk]: Microsoft's installer could not be fetched or failed; $by_hand"
    return 1
  fi
  rm -f "$installer"
  prerequisites_use_dotnet || { prerequisites_say "error[NoSdk]: the installed SDK does not start; $by_hand"; return 1; }
}

require_prerequisites() {
  local packages sdk_missing=''
  prerequisites_use_dotnet || sdk_missing=yes
  packages=$(prerequisites_missing_packages "$@")
  if [ -n "$sdk_missing" ] && ! command -v curl >/dev/null && ! command -v wget >/dev/null; then packages=$(printf '%s\ncurl\n' "$packages"); fi
  [ -n "$packages$sdk_missing" ] || return 0

  prerequisites_say "Some things are missing on this machine; Convoy installs them now:"
  if [ -n "$packages" ]; then
    local about='less than 1 minute'
    case $packages in *torch*) about='2 to 5 minutes; PyTorch is large' ;; esac
    prerequisites_say "  Debian packages (about $about): $(echo $packages)"
  fi
  if [ -n "$sdk_missing" ]; then prerequisites_say "  the .NET 10 SDK into $HOME/.dotnet, with Microsoft's installer (230 MB, about 1 minute)"; fi
  # shellcheck disable=SC2086 # one word per package
  if [ -n "$packages" ]; then prerequisites_install_packages $packages || return 1; fi
  if [ -n "$sdk_missing" ]; then prerequisites_install_dotnet || return 1; fi
  prerequisites_say "Everything is there."
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  [ $# -gt 0 ] || set -- build demo
  require_prerequisites "$@"
fi

#!/usr/bin/env bash
# Finds, or else makes, a kube-apiserver and its etcd: tests of the Kubernetes adapter run against them. Sourced by test.sh,
# or run by hand:
#
#   eng/kubernetes-assets.sh        ends by printing the folder that holds both
#
# What KUBEBUILDER_ASSETS names is used, then /usr/local/kubebuilder/bin, then what was made before. Otherwise kube-apiserver
# is compiled, once, from Debian's own source package with Debian's Go, and kept beside Debian's etcd in the user's cache.
# Nothing is installed, no service starts, no root is needed, and the machine's package lists stay as they are.

# Compiling takes so long on one processor, and this much of the disk while it lasts.
kubernetes_assets_minutes=14
kubernetes_assets_gigabytes=4
kubernetes_assets_source=go/src/k8s.io/kubernetes

kubernetes_assets_say() { printf '%s\n' "$*" >&2; }

kubernetes_assets_are_in() { [ -x "$1/kube-apiserver" ] && [ -x "$1/etcd" ]; }

kubernetes_assets_find() { # CACHE
  local folder
  for folder in "${KUBEBUILDER_ASSETS:-}" /usr/local/kubebuilder/bin "$1"/kubernetes-*; do
    if [ -n "$folder" ] && kubernetes_assets_are_in "$folder"; then printf '%s\n' "$folder"; return 0; fi
  done
  return 1
}

# The machine's own mirrors, in both of apt's forms, asked for source packages too.
kubernetes_assets_write_sources() { # FOLDER
  local file
  mkdir -p "$1"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$file" ] && sed -nE 's/^[[:space:]]*deb[[:space:]]+(.*)/deb \1\ndeb-src \1/p' "$file" >"$1/${file##*/}"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] && sed -E 's/^Types:.*/Types: deb deb-src/I' "$file" >"$1/${file##*/}"
  done
  [ ! -e "$1/sources.list" ] || mv "$1/sources.list" "$1/main.list"
}

# With lists and a cache of its own, in the current folder.
kubernetes_assets_apt() { # PROGRAM ARGUMENT...
  local program=$1
  shift
  "$program" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$PWD/sources" -o Dir::State::lists="$PWD/lists" -o Dir::Cache="$PWD/cache" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# Into the current folder: Go, etcd, and the source. Prints Go's version, or why there is none.
kubernetes_assets_fetch() {
  local go package
  mkdir -p lists/partial cache/archives/partial "$kubernetes_assets_source"
  kubernetes_assets_write_sources sources
  # A mirror that gives no source packages, or nothing today, is no matter: whether the one package is found is.
  kubernetes_assets_apt apt-get update >&2
  go=$(kubernetes_assets_apt apt-cache depends golang-go | sed -nE 's/^ *Depends: golang-([0-9.]+)-go$/\1/p' | head -n 1)
  if [ -z "$go" ] || ! kubernetes_assets_apt apt-get source --download-only kubernetes >&2; then
    echo "the package mirrors of this machine do not give Debian's source package 'kubernetes' and its Go"
    return 1
  fi
  local packages=("golang-$go-go" "golang-$go-src" etcd-server golang-github-modern-go-reflect2-dev)
  if ! kubernetes_assets_apt apt-get download "${packages[@]}" >&2; then
    echo "the package mirrors of this machine do not give all of Debian's packages ${packages[*]}"
    return 1
  fi
  for package in *.deb; do dpkg -x "$package" packages >&2 || { echo "$package cannot be unpacked"; return 1; }; done
  # Debian's own changes are to kubectl.
  if ! tar -xf kubernetes_*.orig.tar.* -C "$kubernetes_assets_source" --strip-components=1 >&2; then echo "Debian's source package 'kubernetes' cannot be unpacked"; return 1; fi
  [ -d "$kubernetes_assets_source/vendor/k8s.io" ] || { echo "Debian's source package 'kubernetes' comes without the libraries that it needs"; return 1; }
  # With Go from 1.18 on, the reflect2 that comes with the source (1.0.1) makes the server crash.
  local reflect=$kubernetes_assets_source/vendor/github.com/modern-go/reflect2
  if ! { rm -rf "$reflect" && cp -r packages/usr/share/gocode/src/github.com/modern-go/reflect2 "$reflect"; } >&2; then echo "reflect2 cannot be replaced in Debian's source package 'kubernetes'"; return 1; fi
  echo "$go"
}

# As Debian's rules do it: by folders (GOPATH), with the libraries that come with the source. Runs in the current folder.
kubernetes_assets_compile() ( # VERSION GO-VERSION
  here=$PWD repository=k8s.io/kubernetes flags='-s -w'
  IFS=. read -r major minor _ <<<"$1"
  for package in component-base/version client-go/pkg/version; do
    package=$repository/vendor/k8s.io/$package
    flags+=" -X $package.gitVersion=v$1 -X $package.gitMajor=$major -X $package.gitMinor=$minor"
  done
  export GOROOT=$here/packages/usr/lib/go-$2 GOPATH=$here/go GOCACHE=$here/go/cache GOTMPDIR=$here GO111MODULE=off GOENV=off GOFLAGS='' CGO_ENABLED=0
  export PATH=$GOROOT/bin:$PATH
  cd "$kubernetes_assets_source" || exit

  # What the server says of its types, by which server-side apply goes, is no part of the source: it is made from that.
  types=$(grep -rlE --include='*.go' '^// *\+k8s:openapi-gen=' staging/src/k8s.io | grep -vE '/(sample-apiserver|code-generator)/' | xargs -n 1 dirname | sort -u | sed "s|^staging/src|$repository/vendor|" | paste -sd ,)
  nice go build -trimpath -o "$here/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen &&
    nice "$here/openapi-gen" --logtostderr -i "$types" -p $repository/pkg/generated/openapi -O zz_generated.openapi -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$here/violations" &&
    nice go build -trimpath -ldflags "$flags" -o "$here/made/kube-apiserver" ./cmd/kube-apiserver
)

# Makes CACHE/kubernetes-VERSION, whole or not at all. Prints it, or why there is none.
kubernetes_assets_make() { # CACHE
  local cache=$1 program build go version free
  for program in apt-get apt-cache dpkg tar flock; do
    command -v "$program" >/dev/null || { echo "this machine has no $program, and kube-apiserver is made from Debian's packages"; return 1; }
  done
  if ! mkdir -p "$cache" || ! exec 9>"$cache/making"; then echo "nothing can be written to $cache"; return 1; fi
  flock --nonblock 9 || { kubernetes_assets_say "Somebody else is making them: waiting."; flock 9; }
  ! kubernetes_assets_find "$cache" || return 0
  # Of one that was killed.
  rm -rf "$cache"/building-*
  build=$(mktemp -d "$cache/building-XXXXXX") || return
  # shellcheck disable=SC2064 # this folder, whatever becomes of the name
  trap "rm -rf '$build'" EXIT
  free=$(df -Pk "$build" | awk 'NR == 2 { print int($4 / 1048576) }')
  if [ "$free" -lt "$kubernetes_assets_gigabytes" ]; then echo "$cache has $free GB free: compiling kube-apiserver takes $kubernetes_assets_gigabytes GB for a while"; return 1; fi

  cd "$build" || return
  kubernetes_assets_say "Fetching the source of kube-apiserver, Go and etcd with apt (about 150 MB)."
  if ! go=$(kubernetes_assets_fetch 2>log); then tail -n 5 log >&2; echo "$go"; return 1; fi
  # 1.20.5+really1.20.2 is 1.20.2.
  version=$(echo kubernetes_*.dsc | sed -E 's/^kubernetes_(.*really)?([0-9]+\.[0-9]+\.[0-9]+).*/\2/')
  kubernetes_assets_say "Compiling kube-apiserver $version with Go $go: about $((kubernetes_assets_minutes / $(nproc) + 1)) minutes where nothing else runs, this once."
  mkdir made
  if ! kubernetes_assets_compile "$version" "$go" >log 2>&1 || ! cp packages/usr/bin/etcd made/ 2>>log || ! made/etcd --version >>log 2>&1 || ! made/kube-apiserver --version >>log 2>&1; then
    tail -n 20 log >&2
    echo "kube-apiserver $version or etcd does not compile or start on this machine"
    return 1
  fi
  rm -rf "$cache/kubernetes-$version"
  mv -T made "$cache/kubernetes-$version" || { echo "$cache/kubernetes-$version cannot be written"; return 1; }
  echo "$cache/kubernetes-$version"
}

# Sets KUBEBUILDER_ASSETS, or CONVOY_NO_API_SERVER to the reason there is none: tests then skip with it.
require_kubernetes_assets() {
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/convoy found began=$SECONDS
  unset CONVOY_NO_API_SERVER
  if ! found=$(kubernetes_assets_find "$cache"); then
    kubernetes_assets_say "No kube-apiserver and etcd on this machine (KUBEBUILDER_ASSETS would name their folder): they are made from Debian's packages into $cache."
    if ! found=$(kubernetes_assets_make "$cache"); then
      export CONVOY_NO_API_SERVER="no kube-apiserver: ${found:-making it was interrupted}"
      kubernetes_assets_say "warning[NoApiServer]: $CONVOY_NO_API_SERVER. Tests that need one are skipped; set KUBEBUILDER_ASSETS to a folder that holds kube-apiserver and etcd to run them."
      return 1
    fi
    kubernetes_assets_say "Made in $((SECONDS - began)) s: $found"
  fi
  export KUBEBUILDER_ASSETS=$found
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  set -u
  require_kubernetes_assets || exit
  printf '%s\n' "$KUBEBUILDER_ASSETS"
fi

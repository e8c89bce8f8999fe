#!/usr/bin/env bash
# Runs every test and ends with the line "N passed, N failed", ", N skipped" where some were.
#
#   ./test.sh            everything
#   ./test.sh Core Cli   the projects whose name contains one of the words; also: python, shell
set -uo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
cd "$root" || exit 1
words=("$@")
case ${1:-} in -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;; esac
passed=0 failed=0 skipped=0 failures=

say() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }
count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

is_wanted() { # NAME
  [ ${#words[@]} -eq 0 ] && return 0
  local word
  for word in "${words[@]}"; do
    case ${1,,} in *"${word,,}"*) return 0 ;; esac
  done
  return 1
}

finish() {
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line+=", $skipped skipped"
  say "All tests"
  [ -z "$failures" ] || printf 'These failed:\n%s\n' "$failures"
  echo "$line"
  [ "$failed" -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
  exit
}

# Tests start the command line and tasks hundreds of times. Compiled ahead of time, as people get them, they start ten times faster.
compile_programs() {
  local name wanted=
  for name in "${projects[@]}"; do
    case $name in
      Convoy.Clusters.Tests | Convoy.Server.Tests | Convoy.Task.Tests) wanted+=" Task" ;;
      Convoy.Cli.Tests) wanted+=" Cli" ;;
      Convoy.EndToEnd.Tests) wanted+=" Cli Task" ;;
    esac
  done
  [ -n "$wanted" ] || return 0
  say "Compiling the programs ahead of time"
  for name in $(tr ' ' '\n' <<<"$wanted" | sort -u); do
    if ! dotnet publish "src/Convoy.$name" --configuration Release --output artifacts/programs -v quiet -p:DebugType=none -p:RunAnalyzers=false -p:UseSharedCompilation=false </dev/null; then
      echo "src/Convoy.$name cannot be compiled ahead of time; that counts as one failure"
      count 0 1 0
      return
    fi
  done
  case $wanted in *Cli*) export CONVOY_CLI_PROGRAM=$root/artifacts/programs/convoy ;; esac
  case $wanted in *Task*) export CONVOY_TASK_PROGRAM=$root/artifacts/programs/convoy-task ;; esac
}

# Those that show Convoy on a real Kubernetes API server. Without one they skip, and say why.
find_api_server() {
  case " ${projects[*]} " in *" Convoy.Clusters.Tests "* | *" Convoy.EndToEnd.Tests "*) ;; *) return ;; esac
  say "Looking for a Kubernetes API server"
  # shellcheck source=eng/kubernetes-assets.sh
  . "$root/eng/kubernetes-assets.sh"
  ! require_kubernetes_assets || echo "It is in $KUBEBUILDER_ASSETS"
}

test_project() { # NAME
  local name=$1 results=$root/artifacts/test-results program report settings=()
  program=$root/artifacts/bin/$name/debug/$name
  report=$results/$name.json
  mkdir -p "$results"
  rm -f "$report"
  say "$name"
  # These compute for minutes in one process: half as long without code that measures itself, and with fewer collections.
  case $name in Convoy.Core.Tests | Convoy.Simulation.Tests) settings=(DOTNET_TieredPGO=0 DOTNET_GCgen0size=0x8000000) ;; esac
  env "${settings[@]}" "$program" --no-ansi --progress off --show-test-results failed,skipped --timeout 10m \
    --results-directory "$results" --report-xunit-ctrf --report-xunit-ctrf-filename "$name.json" </dev/null
  local code=$?
  if ! counts=$(jq -er '.results.summary | "\(.passed) \(.failed + .other + .pending) \(.skipped)"' "$report" 2>/dev/null); then
    echo "$name ended with exit code $code before it could report its tests; that counts as one failure"
    count 0 1 0
    return
  fi
  # shellcheck disable=SC2086 # three numbers
  count $counts
  failures+=$(jq -r '.results.tests[] | select(.status != "passed" and .status != "skipped")
    | "\n  \(.name)\n    \((.message // "no message") | split("\n") | map(select(. != "")) | .[:6] | join("\n    "))"' "$report")
  # A failure outside any test, such as a crash after the last.
  if [ "$code" -ne 0 ] && [ "$(echo "$counts" | cut -d' ' -f2)" -eq 0 ]; then
    echo "$name ended with exit code $code though no test failed; that counts as one failure"
    count 0 1 0
  fi
}

test_python() {
  say "python"
  local output code ran wrong left
  output=$(cd python && /usr/bin/python3 -m unittest discover -t . -s tests -v 2>&1 </dev/null)
  code=$?
  ran=$(sed -nE 's/^Ran ([0-9]+) tests?.*/\1/p' <<<"$output")
  left=$(sed -nE 's/^(OK|FAILED) \(.*skipped=([0-9]+).*/\2/p' <<<"$output")
  if [ "$code" -ne 0 ]; then
    echo "$output"
    wrong=$(grep -cE '^(ERROR|FAIL): ' <<<"$output")
    [ "$wrong" -gt 0 ] || wrong=1
  else
    wrong=0
    grep -E "skipped '|^Ran " <<<"$output"
  fi
  ran=${ran:-0} left=${left:-0}
  local right=$((ran - wrong - left))
  count $((right > 0 ? right : 0)) "$wrong" "$left"
}

test_shell() {
  say "shell"
  local script
  for script in convoy demo.sh test.sh eng/prerequisites.sh eng/kubernetes-assets.sh eng/package.sh .ci/run; do
    if bash -n "$script" && { ! command -v shellcheck >/dev/null || shellcheck -x --severity=warning --source-path=SCRIPTDIR "$script"; }; then count 1 0 0; else
      echo "$script: see above"
      count 0 1 0
    fi
  done
}

say "Looking for what the tests need"
# shellcheck source=eng/prerequisites.sh
. "$root/eng/prerequisites.sh"
if ! require_prerequisites build tests; then
  count 0 1 0
  finish
fi

projects=()
for folder in test/*.Tests; do
  name=$(basename "$folder")
  if is_wanted "$name"; then projects+=("$name"); fi
done
if [ ${#projects[@]} -eq 0 ] && ! is_wanted python && ! is_wanted shell; then
  echo "error[NoSuchTests]: no project's name contains any of: ${words[*]}" >&2
  exit 2
fi

if [ ${#projects[@]} -gt 0 ]; then
  say "Building"
  export MSBUILDDISABLENODEREUSE=1
  if [ ${#words[@]} -eq 0 ]; then targets=(Convoy.slnx); else targets=("${projects[@]/#/test/}"); fi
  for target in "${targets[@]}"; do
    if ! dotnet build "$target" -v quiet -p:UseSharedCompilation=false </dev/null; then
      echo "$target does not build; that counts as one failure"
      count 0 1 0
      finish
    fi
  done
  compile_programs
  find_api_server
  for name in "${projects[@]}"; do test_project "$name"; done
fi
if is_wanted python; then test_python; fi
if is_wanted shell; then test_shell; fi
finish

#!/usr/bin/env bash
# Starts Convoy on this machine and trains a real model with it. README.md says more.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
once=''
case "${1:-}" in
  '') ;;
  --once) once=yes ;;
  --help | -h)
    cat <<'HELP'
Usage: ./demo.sh [--once]

Installs what is missing, builds Convoy, starts it on this machine and trains a
real model with two workers. Then it leaves the platform running until Ctrl-C;
with --once it stops it. Exit code 0 if the job succeeded, else 100.

  CONVOY_DEMO_STATE   where everything is kept (default: ~/.local/state/convoy-demo,
                      as root /var/lib/convoy-demo)
HELP
    exit 0 ;;
  *) echo "error[Usage]: unknown argument '$1'; usage: ./demo.sh [--once]" >&2; exit 2 ;;
esac
if [ $# -gt 1 ]; then echo "error[Usage]: one argument at most; usage: ./demo.sh [--once]" >&2; exit 2; fi

say() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }

# As root, tasks run under uids of their own, which cannot pass root's home.
if [ "$(id -u)" -eq 0 ]; then state=/var/lib/convoy-demo; else state=${XDG_STATE_HOME:-$HOME/.local/state}/convoy-demo; fi
state=${CONVOY_DEMO_STATE:-$state}
convoy=$root/artifacts/convoy/convoy
server=''
job=''

stop() {
  local code=$?
  trap - EXIT
  trap '' INT TERM
  if [ -n "$server" ] && kill -0 "$server" 2>/dev/null; then
    # Tasks outlive the server by design; what the demo started, it ends.
    if [ -n "$job" ]; then "$convoy" cancel "$job" >/dev/null 2>&1 && "$convoy" wait "$job" --timeout 40s >/dev/null 2>&1 || true; fi
    say "Stopping the platform"
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Looking for what Convoy needs"
# shellcheck source=eng/prerequisites.sh
. "$root/eng/prerequisites.sh"
require_prerequisites build demo
python=$(prerequisites_find_python)
"$root/convoy" --help >/dev/null

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
answers() { # PATH: whether the platform says 200, without a proxy or a tool
  (exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$1" >&3 && head -n 1 <&3 | grep -q ' 200') 2>/dev/null
}

port=7788
while is_taken "$port"; do port=$((port + 1)); done
# A platform that is gone at the end must not stay the one that the command line speaks to.
if [ -n "$once" ]; then export XDG_CONFIG_HOME=$root/artifacts/demo-config; fi
say "Starting the platform on http://127.0.0.1:$port; it keeps everything in $state"
mkdir -p "$state" "$root/artifacts"
log=$root/artifacts/demo-server.log
"$convoy" up --state "$state" --listen "127.0.0.1:$port" >"$log" 2>&1 &
server=$!
for ((tries = 0; ; tries++)); do
  if answers /readyz; then break; fi
  if ! kill -0 "$server" 2>/dev/null || [ "$tries" -ge 600 ]; then
    tail -n 15 "$log" >&2
    echo "error[NotReady]: the platform did not start; its whole output is in $log" >&2
    exit 100
  fi
  sleep 0.1
done
unset CONVOY_SERVER CONVOY_TOKEN
[ -n "$once" ] || echo "convoy: './convoy' now speaks to this platform (context 'local')"

file=$root/samples/digits/job.yaml
if [ "$python" != /usr/bin/python3 ]; then
  # No Debian packages here: the same job with the Python that has torch.
  file=$root/artifacts/demo-job.yaml
  sed -e "s#/usr/bin/python3#$(command -v "$python")#" -e "s#workdir: \.#workdir: $root/samples/digits#" "$root/samples/digits/job.yaml" >"$file"
fi
say "Training: convoy submit -f ${file#"$root/"}"
job=$("$convoy" submit -f "$file" --detach -o name)
code=0
"$convoy" logs "$job" -f || code=$?
"$convoy" wait "$job" >/dev/null 2>&1 || code=$?

say "What it reported: convoy metrics digits"
"$convoy" metrics "$job" || true
if [ "$code" -eq 0 ]; then
  say "The model: convoy output get digits model.pt"
  model=$("$convoy" output get "$job" model.pt --to "$root/artifacts/digits-model.pt" --force) || { code=100; model=''; }
  job=''
  [ -z "$model" ] || say "The model is trained; it lies in $model"
else
  code=100
  say "The job did not succeed: convoy get $job, convoy events $job"
  "$convoy" get "$job" >&2 || true
fi
if [ -n "$once" ]; then exit "$code"; fi

cat <<NEXT

Convoy runs at http://127.0.0.1:$port (its API: http://127.0.0.1:$port/docs) until you press Ctrl-C.
In another terminal:

  export PATH=$root:\$PATH
  convoy list                                    what there is
  cd YOUR-SCRIPTS                                then, with a script of your own:
  convoy submit -- $python train.py
  convoy submit --nodes 2 --framework pytorch -- $python train.py
  convoy submit --help                           everything else
NEXT
wait "$server" || true
exit "$code"

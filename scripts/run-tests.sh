#!/usr/bin/env bash
# Every test that is not slow, in four lanes at once, which differ in what they wait for:
#   calls      whole instances and the calls made to them (tests/e2e): they wait for people to speak
#   processes  what else is marked e2e: starts processes of its own; yields to the calls
#   engines    rooms that compute, with what the others leave of the processor
#   computing  the rest, likewise: one process alone would leave a core idle when the calls are over
# A test finds its lane by its folder and its mark. The tests of the store also run on a PostgreSQL of our own.
# Prints each lane's result; fails when one does. Arguments go to every pytest: scripts/run-tests.sh --durations=20
set -uo pipefail
cd "$(dirname "$0")/.." || exit
calls=(tests/e2e)
engines=(tests/asr tests/dialog tests/inference tests/prosody tests/prosody_cli tests/tts)
# Hundreds of processes start in there; without bytecode on disk each would compile our modules anew.
unset PYTHONDONTWRITEBYTECODE
# Named file by file, so that the lane need not import every test there is: the mark must stand in the file. Backwards,
# so that the demo, a whole instance too, finds on disk what the calls' instance has learnt by then.
mapfile -t processes < <(grep -rl 'mark\.e2e' tests --include='test_*.py' "${calls[@]/#tests\//--exclude-dir=}" | sort -r)
pytest=(.venv/bin/python -m pytest -q -p no:cacheprovider --durations=12 "$@")
folder=$(mktemp -d /tmp/warmline-tests.XXXXXX)
running=()
trap 'kill "${running[@]}" 2> /dev/null; wait; rm -rf "$folder"' EXIT

start_postgres() { # a server for this run alone, on a socket in our folder; nothing of it needs to outlive a crash
  local bin as=()
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1)
  [ -x "$bin/initdb" ] || { echo "no PostgreSQL server is installed: the store is tested on SQLite only" >&2; return; }
  # It refuses to run as root.
  if [ "$(id -u)" -eq 0 ]; then as=(setpriv --reuid postgres --regid postgres --clear-groups); fi
  mkdir "$folder/pg" && chmod 755 "$folder"
  if [ "$(id -u)" -eq 0 ]; then chown postgres "$folder/pg"; fi
  (
    "${as[@]}" "$bin/initdb" -D "$folder/pg/data" -U warmline -A trust -E UTF8 --no-locale --no-sync || exit
    exec "${as[@]}" "$bin/postgres" -D "$folder/pg/data" -c listen_addresses= -c "unix_socket_directories=$folder/pg" \
      -c fsync=off -c synchronous_commit=off -c full_page_writes=off
  ) > "$folder/pg.log" 2>&1 &
  running+=($!)
  for _ in $(seq 300); do
    if "$bin/pg_isready" -q -h "$folder/pg" -U warmline 2> /dev/null; then
      export TEST_POSTGRES_URL="postgresql+asyncpg://warmline@/postgres?host=$folder/pg"
      return
    fi
    sleep 0.1
  done
  cat "$folder/pg.log" >&2
  exit 1
}

lane() { # NAME NICE PYTEST-ARGUMENTS…: begins it
  local name=$1 nice=$2
  shift 2
  # Linux shares the processor among sessions before it looks at nice: each lane is a session of its own, with its share.
  # shellcheck disable=SC2016
  setsid sh -c 'n=$1; shift; { echo "$n" > /proc/self/autogroup; } 2> /dev/null; exec nice -n "$n" "$@"' "$name" "$nice" \
    "${pytest[@]}" "$@" > "$folder/$name.log" 2>&1 &
  running+=($!)
  lanes[$name]=$!
}

declare -A lanes
lane calls 0 "${calls[@]}"
lane processes 10 -m "e2e and not slow" "${processes[@]}"
[ -n "${TEST_POSTGRES_URL:-}" ] || start_postgres
lane engines 12 -m "not e2e and not slow" "${engines[@]}"
lane computing 12 -m "not e2e and not slow" "${calls[@]/#/--ignore=}" "${engines[@]/#/--ignore=}"
failed=0
for name in calls processes engines computing; do
  wait "${lanes[$name]}" || failed=1
  echo "== $name (${SECONDS} s)"
  cat "$folder/$name.log"
done
exit $failed

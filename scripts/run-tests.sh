#!/usr/bin/env bash
# Every test that is not slow, in two lanes at once: real calls mostly wait for real time, so what only computes runs
# beside them, with the lowest priority. Prints both lanes' results; fails when either does.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
real_time=(tests/e2e tests/edge tests/telephony tests/webrtc tests/supervisor tests/demo tests/docker
  tests/media/test_worker.py tests/inference/test_worker.py)
pytest=(.venv/bin/python -m pytest -q)
log=$(mktemp)
trap 'kill "${computing:-}" 2> /dev/null; rm -f "$log"' EXIT

# Linux shares the processor among sessions before it looks at nice: the lane is a session of its own, with the least share
setsid sh -c '{ echo 19 > /proc/self/autogroup; } 2> /dev/null; exec nice -n 19 "$@"' lane \
  "${pytest[@]}" -p no:cacheprovider "${real_time[@]/#/--ignore=}" > "$log" 2>&1 &
computing=$!
echo "real calls (what only computes runs beside them and is printed after):"
"${pytest[@]}" "${real_time[@]}"
calls=$?
echo "everything else:"
wait "$computing"
rest=$?
computing=
cat "$log"
[ $calls -eq 0 ] && [ $rest -eq 0 ]

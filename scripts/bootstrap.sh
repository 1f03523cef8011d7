#!/usr/bin/env bash
# Installs what is missing on Debian 12: packages by apt when we are root (else says which), uv, Python packages.
# Usage: scripts/bootstrap.sh run|test      ("test" adds the clients that only the tests use)
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-run}
extras=${EXTRAS:-}

run_packages=(kamailio kamailio-sqlite-modules kamailio-utils-modules kamailio-extra-modules espeak-ng libsndfile1 python3 python3-venv)
test_packages=(sip-tester baresip chromium iproute2 procps postgresql)

need() { # the packages of a list that dpkg does not know as installed
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  echo "${missing[*]-}"
}

install_debian() {
  local missing
  missing=$(need "$@")
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    echo "These Debian packages are missing: $missing" >&2
    echo "Install them with:  sudo apt-get install $missing" >&2
    [ "$purpose" = test ] && exit 1
    # Warmline runs without them: one SIP worker listens itself, and two voices remain.
    return 0
  fi
  echo "installing Debian packages: $missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # Kamailio's own service must not take port 5060 from ours.
  printf '#!/bin/sh\nexit 101\n' > /tmp/warmline-policy-rc.d && chmod +x /tmp/warmline-policy-rc.d
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e $policy ]; then cp /tmp/warmline-policy-rc.d $policy; made=yes; fi
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing > /tmp/warmline-apt.log 2>&1 || { tail -20 /tmp/warmline-apt.log >&2; exit 1; }
  if [ -n "$made" ]; then rm -f $policy; fi
}

find_uv() {
  if command -v uv > /dev/null; then command -v uv; return; fi
  [ -x .uv/bin/uv ] || { python3 -m venv .uv && .uv/bin/pip install -q 'uv>=0.5,<1'; }
  echo .uv/bin/uv
}

if command -v dpkg-query > /dev/null; then
  install_debian "${run_packages[@]}"
  if [ "$purpose" = test ]; then install_debian "${test_packages[@]}"; fi
fi
uv=$(find_uv)
stamp=.venv/.warmline-$(sha256sum uv.lock pyproject.toml | sha256sum | cut -c1-16)${extras:+-$extras}
if [ ! -e "$stamp" ]; then
  echo "installing Python packages"
  # shellcheck disable=SC2086
  "$uv" sync -q --frozen --compile-bytecode ${extras:+--extra $extras}
  rm -f .venv/.warmline-*
  touch "$stamp"
fi
if [ ! -d .venv/bin ]; then echo "uv made no .venv" >&2; exit 1; fi

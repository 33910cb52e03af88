#!/bin/sh
# Services end before their program goes. An upgrade leaves them as they are.
set -e
if [ "$1" = remove ] && [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl stop 'floe-capture@*.service' 'floe-applier@*.service' 'floe-console@*.service' || true
fi

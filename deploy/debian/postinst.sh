#!/bin/sh
# systemd reads the units. Services that run go on with the floe that they began with until they are
# restarted: when is its operator's to say (docs/operations.md, Upgrade).
set -e
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi

#!/bin/sh
# systemd forgets the units. What is in /etc/floe is not the package's, and stays.
set -e
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload || true
fi

#!/bin/sh
# build.sh BINARY VERSION ARCH OUT: packs a floe binary as OUT, a package for Debian and its kin. The same
# input gives the same bytes if SOURCE_DATE_EPOCH is set. NATIVE is a floe that runs here, to write its
# manual and the shells' completions; COMPRESS is dpkg-deb's -Z.
set -eu
binary=$1 version=$2 arch=$3 out=$4
here=$(cd "$(dirname "$0")" && pwd)
native=${NATIVE:-$binary}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
install -D -m 755 "$binary" "$root/usr/bin/floe"
for unit in "$here"/../systemd/*.service; do
  install -D -m 644 "$unit" "$root/usr/lib/systemd/system/$(basename "$unit")"
done
for doc in README.md README.zh-CN.md SECURITY.md CHANGELOG.md docs/operations.md; do
  install -D -m 644 "$here/../../$doc" "$root/usr/share/doc/floe/$(basename "$doc")"
done
install -D -m 644 "$here/../grafana/floe.json" "$root/usr/share/floe/grafana/floe.json"
install -D -m 644 "$here/../prometheus/alerts.yml" "$root/usr/share/floe/prometheus/alerts.yml"
mkdir -p "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" "$root/etc/floe"
"$native" man "$root/usr/share/man/man1" >/dev/null
find "$root/usr/share/man" -name '*.1' -exec gzip -9n {} +
"$native" completion bash >"$root/usr/share/bash-completion/completions/floe"
"$native" completion zsh >"$root/usr/share/zsh/vendor-completions/_floe"
chmod 750 "$root/etc/floe"
mkdir "$root/DEBIAN"
for script in prerm postinst postrm; do
  install -m 755 "$here/$script.sh" "$root/DEBIAN/$script"
done
cat >"$root/DEBIAN/control" <<CONTROL
Package: floe
Version: $version
Architecture: $arch
Maintainer: floe maintainers <floe@localhost>
Section: database
Priority: optional
Recommends: ca-certificates
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Description: live, transaction-exact copies of PostgreSQL and PolarDB-O databases
 floe keeps one database a live copy of another through Kafka: whole
 transactions, in commit order, each applied once. The services are
 floe-capture@JOB, floe-applier@JOB and floe-console@JOB.
CONTROL
find "$root" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
dpkg-deb --root-owner-group "-Z${COMPRESS:-xz}" --build "$root" "$out" >/dev/null

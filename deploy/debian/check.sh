#!/bin/sh
# check.sh DIST VERSION: a release is whole: every file has its sum, binaries are static and of their
# processor, packages bear the version, and the floe for this machine runs.
set -eu
cd "$1"
version=$2
sha256sum --quiet -c SHA256SUMS
[ "$(wc -l <SHA256SUMS)" = 4 ] || { echo "SHA256SUMS has not four files" >&2; exit 1; }
machine() { od -An -j18 -N2 -tu2 "$1" | tr -d ' '; } # of the ELF header: 62 is amd64, 183 arm64
for pair in amd64:62 arm64:183; do
  arch=${pair%:*}
  [ "$(machine "floe-linux-$arch")" = "${pair#*:}" ] || { echo "floe-linux-$arch is for another processor" >&2; exit 1; }
  if grep -qa '/ld-linux' "floe-linux-$arch"; then echo "floe-linux-$arch is not static" >&2; exit 1; fi
  [ "$(dpkg-deb -f "floe_${version}_$arch.deb" Version)" = "$version" ] || { echo "the package for $arch has another version" >&2; exit 1; }
  [ "$(dpkg-deb -f "floe_${version}_$arch.deb" Architecture)" = "$arch" ] || { echo "the package for $arch is another's" >&2; exit 1; }
done
case $(uname -m) in x86_64) here=amd64 ;; aarch64) here=arm64 ;; *) exit 0 ;; esac
"./floe-linux-$here" version | grep -qF "floe $version " || { echo "floe-linux-$here does not say that it is $version" >&2; exit 1; }

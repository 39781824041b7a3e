#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Usage: check_package.sh BUILD_FOLDER. Fails when the .deb does not build, has a lintian error, lacks a file, does not register the
# GGUF type, or holds a program that does not start.
set -euo pipefail
build="$1"
source_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
work="$(mktemp -d)"
trap 'find "$work" -depth -delete' EXIT

fail() { echo "FAIL: $*" >&2; exit 1; }

desktop-file-validate "$source_root/packaging/org.tendril.Tendril.desktop"
appstreamcli validate --no-net --no-color "$source_root/packaging/org.tendril.Tendril.metainfo.xml"

(cd "$build" && cpack -G DEB -B "$work/packages" >"$work/cpack.log" 2>&1) || { cat "$work/cpack.log" >&2; fail "cpack"; }
deb="$(find "$work/packages" -maxdepth 1 -name 'tendril_*.deb')"
[ -n "$deb" ] || fail "no package tendril"
lintian --allow-root --tag-display-limit 0 --fail-on error "$deb"

dpkg-deb --extract "$deb" "$work/root"
for file in bin/tendril bin/tendril-cli share/applications/org.tendril.Tendril.desktop share/mime/packages/tendril-gguf.xml \
    share/metainfo/org.tendril.Tendril.metainfo.xml share/icons/hicolor/scalable/apps/tendril.svg share/man/man1/tendril.1.gz \
    share/doc/tendril/copyright; do
  [ -e "$work/root/usr/$file" ] || fail "the package lacks /usr/$file"
done
depends="$(dpkg-deb --field "$deb" Depends)"
case "$depends" in *libqt6widgets6*libsqlite3-0*|*libsqlite3-0*libqt6widgets6*) ;; *) fail "unexpected Depends: $depends" ;; esac

update-mime-database "$work/root/usr/share/mime"
grep -q 'application/x-gguf:\*.gguf' "$work/root/usr/share/mime/globs2" || fail "the GGUF type is not registered"

export QT_QPA_PLATFORM=offscreen TENDRIL_DATA_DIR="$work/data"
"$work/root/usr/bin/tendril" --version | grep -q '^[Tt]endril ' || fail "tendril --version"
"$work/root/usr/bin/tendril-cli" --version | grep -q '[0-9]\.[0-9]' || fail "tendril-cli --version"
if ldd "$work/root/usr/bin/tendril-cli" | grep -qE 'libQt6(Gui|Widgets|Network)'; then fail "tendril-cli links a GUI or network library"; fi
if ldd "$work/root/usr/bin/tendril" | grep -q 'libQt6Network'; then fail "tendril links the network library"; fi
# The plugin's package, where it is built: sound, no NVIDIA library needed to load it, and the program finds it and says why it is not used
# (or uses it).
cuda="$(find "$work/packages" -maxdepth 1 -name 'tendril-cuda_*.deb')"
if [ -n "$cuda" ]; then
  lintian --allow-root --tag-display-limit 0 --fail-on error "$cuda"
  dpkg-deb --extract "$cuda" "$work/root"
  plugin="$work/root/usr/lib/tendril/plugins/libtendril-cuda.so"
  [ -e "$plugin" ] && [ -e "$work/root/usr/share/doc/tendril-cuda/copyright" ] || fail "tendril-cuda lacks the plugin or its copyright"
  if ldd "$plugin" | grep -qE 'libcuda|libcublas|not found'; then fail "the plugin needs a library of NVIDIA's to be loaded"; fi
  if nm --dynamic --defined-only "$plugin" | grep -qE ' (cuda|cu)[A-Z]|__cuda'; then fail "the plugin exports NVIDIA's runtime"; fi
  case "$(dpkg-deb --field "$cuda" Depends)" in *"tendril (= "*) ;; *) fail "tendril-cuda fits one version only" ;; esac
  echo "package is sound: $(basename "$cuda"), $(stat -c %s "$cuda") bytes"
fi
echo "package is sound: $(basename "$deb"), $(stat -c %s "$deb") bytes"

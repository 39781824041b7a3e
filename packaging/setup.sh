#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shared by packaging/start and packaging/test: installs what a bare Debian 12 lacks, builds a preset. Sourced, not run.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

build_packages=(g++ cmake ninja-build pkg-config git ca-certificates python3 python3-pip
  qt6-base-dev libqt6svg6-dev qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools libgl1-mesa-dev
  libspdlog-dev libfmt-dev libexpected-dev nlohmann-json3-dev libsqlitecpp-dev libsqlite3-dev libmd4c-dev libutf8proc-dev libxxhash-dev libcli11-dev nettle-dev
  poppler-utils)  # pdftotext reads attached PDFs, as a program of its own
test_packages=(clang-19 libclang-rt-19-dev libfuzzer-19-dev librapidcheck-dev strace xvfb xauth lintian desktop-file-utils appstream
  shared-mime-info dpkg-dev file fonts-dejavu-core ccache)

say() { printf '\n== %s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else echo "This needs root or sudo to install packages: $*" >&2; return 1
  fi
}

# install_packages NAME...: only what is missing, so that the second run costs nothing.
install_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return
  say "Installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# build PRESET TARGET [cmake options]: configures and builds. Two jobs at least, and no more than memory allows (1.5 GiB each).
build() {
  local preset="$1" target="$2" jobs memory launcher=()
  shift 2
  memory=$(awk '/MemAvailable/ {print int($2 / 1572864)}' /proc/meminfo)
  jobs=$(nproc)
  [ "$memory" -lt "$jobs" ] && jobs=$((memory > 2 ? memory : 2))
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  say "Building (preset $preset, $jobs jobs)"
  (cd "$root" && cmake --preset "$preset" "${launcher[@]}" "$@" >"$root/build/configure-$preset.log" 2>&1) ||
    { cat "$root/build/configure-$preset.log" >&2; return 1; }
  (cd "$root" && cmake --build --preset "$preset" --parallel "$jobs" --target "$target")
}

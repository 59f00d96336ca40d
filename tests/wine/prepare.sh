#!/bin/sh
# Makes .cache/wine/tree: a Debian trixie with Wine 10 and Japanese, and a prefix in it. Where it cannot, it says why and ends with 75.
# With --ready: whether it is there.
#
# Debian 12 has Wine 8, whose cmd.exe gets `&&` and `||` behind `md` the wrong way round. Nothing is installed on this machine:
# debootstrap itself is unpacked beside the tree. Every mount is in a namespace of its own and goes with its last process.
set -eu

recipe=1 # another number makes every tree anew
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=${TEJUN_WINE:-$here/../../.cache/wine}

[ "$(cat "$root/ready" 2>/dev/null)" = "$recipe" ] && exit 0
[ "${1-}" = --ready ] && exit 1

cannot() {
  printf '%s\n' "$1" | tee "$root/cannot" >&2
  exit 75
}

mkdir -p "$root"
root=$(CDPATH='' cd -- "$root" && pwd -P)
tree=$root/tree
rm -f "$root/cannot"

[ "$(id -u)" = 0 ] || cannot 'Wine needs a Debian tree of its own, and only root can make one'
command -v apt-get >/dev/null || cannot 'Wine needs a Debian tree of its own, and there is no apt-get here to fetch it with'
unshare --mount --pid --net --fork true 2>/dev/null || cannot 'Wine needs namespaces of its own, and unshare is refused here'
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -e "$keys" ] || cannot 'debian-archive-keyring is not installed here: what is fetched could not be verified'
# this machine's own mirror
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)
[ -n "$mirror" ] || cannot 'apt knows no Debian mirror here'

if ! command -v debootstrap >/dev/null; then
  mkdir -p "$root/debootstrap"
  fetch() { (cd "$root/debootstrap" && apt-get download debootstrap); }
  fetch >"$root/prepare.txt" 2>&1 || { apt-get update -q && fetch; } >>"$root/prepare.txt" 2>&1 \
    || cannot 'debootstrap is not installed here and could not be fetched'
  dpkg-deb --extract "$root"/debootstrap/debootstrap_*.deb "$root/debootstrap"
  export DEBOOTSTRAP_DIR="$root/debootstrap/usr/share/debootstrap"
  PATH="$root/debootstrap/usr/sbin:$PATH"
fi

echo 'Wine is fetched; some minutes, 2.2 GB'
rm -rf "$tree.new" "$tree"
unshare --mount --pid --fork --kill-child sh -euc '
  debootstrap --variant=minbase --include=locales --keyring="$3" trixie "$1" "$2"
  mountpoint -q "$1/proc" || mount -t proc proc "$1/proc"
  printf "ja_JP.UTF-8 UTF-8\n" >"$1/etc/locale.gen"
  chroot "$1" locale-gen
  chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends wine wine64
' sh "$tree.new" "$mirror" "$keys" >"$root/prepare.txt" 2>&1 </dev/null \
  || cannot "the Debian tree could not be made: see $root/prepare.txt"

# the first start makes the prefix: without a display, and with no network to ask anything of
unshare --mount --pid --net --fork --kill-child sh -euc '
  mount -t proc proc "$1/proc"
  exec chroot "$1" env -i PATH=/usr/bin:/bin HOME=/root LC_ALL=ja_JP.UTF-8 WINEPREFIX=/root/prefix WINEDEBUG=-all \
    WINEDLLOVERRIDES="mscoree,mshtml=" sh -euc "wineboot --init && wineserver --wait"
' sh "$tree.new" >>"$root/prepare.txt" 2>&1 </dev/null \
  || cannot "Wine made no prefix: see $root/prepare.txt"
mv "$tree.new" "$tree"
echo "$recipe" >"$root/ready"

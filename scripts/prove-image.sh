#!/bin/bash
# Proves without Docker that the Dockerfile's last stage is enough: a bare Debian root (what debian:bookworm-slim is made of), the
# one executable, the user that is not root, the same environment; then `--version`, `serve`, a health check, and an orderly end.
# Usage, as root: scripts/prove-image.sh [EXECUTABLE]. The Debian root is kept in dist/ for the next time; the rest is undone.
set -euo pipefail

SUITE=bookworm
UID_LAMBENT=999 # what useradd --system gives to the first one
DATA=/var/lib/lambent
START_SECONDS_MAX=10
STOP_SECONDS_MAX=10

project=$(cd "$(dirname "$0")/.." && pwd)
executable=${1:-$project/dist/lambent}
base=$project/dist/debian-$SUITE
root='' server=''

fail() { echo "Cannot prove the image: $*" >&2; exit 1; }

cleanup() {
  if [ -n "$server" ]; then kill -KILL "$server" 2>/dev/null || true; fi
  if [ -n "$root" ]; then
    umount -l "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system "$root"
  fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" -eq 0 ] || fail "chroot needs root"
chroot=$(command -v chroot) # the PATH within has no sbin
[ -x "$executable" ] || fail "there is no executable at $executable (make build)"
[ -n "${PROVE_IMAGE_UNSHARED-}" ] || exec unshare --mount env PROVE_IMAGE_UNSHARED=1 "$0" "$executable"
command -v debootstrap >/dev/null || fail "debootstrap is missing (Debian: debootstrap)"

if [ ! -d "$base" ]; then
  echo "Making a Debian $SUITE root in dist/ (once)"
  mkdir -p "$project/dist"
  rm -rf --one-file-system "$base.unfinished"
  debootstrap --variant=minbase "$SUITE" "$base.unfinished" >"$project/dist/debootstrap.log" 2>&1 ||
    fail "debootstrap failed (dist/debootstrap.log)"
  mv "$base.unfinished" "$base"
fi

root=$(mktemp -d "$project/dist/image.XXXXXX")
chmod 755 "$root"
cp -a "$base/." "$root"
"$chroot" "$root" useradd --system --user-group --uid "$UID_LAMBENT" --home-dir "$DATA" --shell /usr/sbin/nologin lambent
"$chroot" "$root" install -d -o lambent -g lambent "$DATA"
install -m 755 "$executable" "$root/usr/local/bin/lambent"

# A container has a /proc too. This one is mounted where only this script and its children see it.
mount -t proc -o nosuid,nodev,noexec proc "$root/proc" || fail "no /proc could be mounted in it"

port=$((20000 + RANDOM % 10000))
while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((20000 + RANDOM % 10000)); done # somebody listens there

inside() {
  exec env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$DATA" LAMBENT_HOST=127.0.0.1 LAMBENT_PORT="$port" LAMBENT_DATA_DIR="$DATA" \
    "$chroot" --userspec="$UID_LAMBENT:$UID_LAMBENT" "$root" "$@"
}

version=$(inside lambent --version) || fail "lambent --version ended with $?"
echo "version: $version"

log=$root/serve.log
inside lambent serve >"$log" 2>&1 &
server=$!

healthy() { (inside lambent health) >/dev/null 2>&1; }
for ((tries = START_SECONDS_MAX * 10; tries > 0; tries--)); do
  if healthy; then break; fi
  kill -0 "$server" 2>/dev/null || { cat "$log" >&2; fail "lambent serve ended by itself"; }
  sleep 0.1
done
[ "$tries" -gt 0 ] || { cat "$log" >&2; fail "lambent serve was not healthy after $START_SECONDS_MAX s"; }
owner=$(stat -c %u "/proc/$server")
[ "$owner" -eq "$UID_LAMBENT" ] || fail "lambent serve runs as user $owner, not $UID_LAMBENT"
echo "health: ok on 127.0.0.1:$port, as user $owner"
[ -n "$(ls -A "$root$DATA")" ] || fail "nothing was written to $DATA"
echo "data: $(cd "$root$DATA" && find . -mindepth 1 -maxdepth 1 -printf '%f ')"

kill -TERM "$server"
for ((tries = STOP_SECONDS_MAX * 10; tries > 0; tries--)); do
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
[ "$tries" -gt 0 ] || fail "lambent serve had not ended $STOP_SECONDS_MAX s after SIGTERM"
status=0
wait "$server" || status=$?
server=''
[ "$status" -eq 0 ] || fail "lambent serve ended with $status after SIGTERM, not 0"
echo "stop: orderly, status 0"
echo "Proved: the executable needs nothing but Debian's base and a user of its own"

#!/usr/bin/env bash
# Installs the real servers and the browser that `make real` and the full suites use. README.md tells what goes where.
#   install.sh [timescaledb] [kafka] [prometheus] [chromium]      default: all four
# Silent when everything asked for is there. Root on Debian 12; packages come from the archives this machine already uses.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(realpath -m "${PLANWATCH_REAL_DIR:-$HOME/.cache/planwatch-real}")
timescaledb_suite=trixie # bookworm has no TimescaleDB package
font=fonts-wqy-microhei

has_timescaledb() { [ -e "$cache/timescaledb/usr/share/postgresql/17/extension/timescaledb.control" ]; }
has_kafka() { cmp -s "$here/pom.xml" "$cache/kafka/pom.xml" && command -v java >/dev/null; }
has_prometheus() { [ -x "$cache/prometheus/usr/bin/prometheus" ]; }
has_chromium() { command -v chromium >/dev/null && has_package "$font"; }
has_package() { [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

exec 3>&2 # messages for the caller, also from parts whose own output goes to a log file
say() { printf 'planwatch-real: %s\n' "$*" >&3; }

apt_install() {
  flock "$cache/apt.lock" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

# A fresh, readable folder that takes its final name only when it is complete.
new_folder() {
  rm -rf --one-file-system "${1:?}.new"
  install -d -m 0755 "$1.new"
}
keep_folder() {
  rm -rf --one-file-system "${1:?}"
  mv "$1.new" "$1"
}

# Address of the Debian archive in apt's own sources, whichever format they are written in.
debian_mirror() {
  local codename uri
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016  # apt expands these, not the shell
  uri=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v wanted="Debian Debian $codename main" '$1 " " $2 " " $3 " " $4 == wanted && !found++ { print $5 }')
  case $uri in
    '') say "apt's sources name no Debian archive for '$codename'" && return 1 ;;
    mirror+file:*) awk '$1 ~ /^[a-z]+:/ { print $1; exit }' "$(sed 's,^mirror+file:,,; s,/$,,' <<<"$uri")" ;;
    *) echo "$uri" ;;
  esac
}

# debootstrap downloads by itself: it does not know the proxies that apt.conf names.
export_apt_proxies() {
  eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
  [ -z "${http_proxy:-}" ] || export http_proxy
  [ -z "${https_proxy:-}" ] || export https_proxy
}

install_timescaledb() {
  local folder=$cache/timescaledb mirror
  apt_install debootstrap
  mirror=$(debian_mirror)
  export_apt_proxies
  umount --quiet "$folder.new/proc" "$folder.new/sys" || true # an interrupted attempt leaves them mounted
  new_folder "$folder"
  debootstrap --variant=minbase --include=postgresql-17-timescaledb "$timescaledb_suite" "$folder.new" "$mirror"
  rm -rf "$folder.new"/var/cache/apt/archives/*.deb "$folder.new"/var/lib/apt/lists/* "$folder.new"/var/lib/postgresql/17
  install -d -m 1777 "$folder.new/var/lib/planwatch" # each server started gets its data folder in here
  keep_folder "$folder"
}

install_kafka() {
  local folder=$cache/kafka
  if ! command -v java || ! command -v mvn; then apt_install default-jre-headless maven; fi
  new_folder "$folder"
  mvn --batch-mode --no-transfer-progress --file "$here/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$folder.new/libs"
  cp "$here/pom.xml" "$folder.new/pom.xml"
  keep_folder "$folder"
}

# Unpacked, not installed: the installed package would start a daemon and enable it at boot.
install_prometheus() {
  local folder=$cache/prometheus
  new_folder "$folder"
  (cd "$folder.new" && apt-get download -o APT::Sandbox::User=root prometheus)
  dpkg-deb --extract "$folder.new"/prometheus_*.deb "$folder.new"
  rm "$folder.new"/prometheus_*.deb
  keep_folder "$folder"
}

install_chromium() {
  apt_install chromium "$font"
}

declare -A job=() # part -> process id

stop_jobs() {
  local part
  for part in "${!job[@]}"; do kill -- "-${job[$part]}" 2>/dev/null || true; done
  exit 130
}

main() {
  local part missing=() failed=0
  [ $# -gt 0 ] || set -- timescaledb kafka prometheus chromium
  for part in "$@"; do
    declare -F "install_$part" >/dev/null || { say "unknown part '$part'" && exit 2; }
    "has_$part" || missing+=("$part")
  done
  [ ${#missing[@]} -gt 0 ] || exit 0
  command -v apt-get >/dev/null || { say "missing: ${missing[*]}; apt-get is not here, only Debian is provided for" && exit 1; }
  [ "$(id -u)" = 0 ] || { say "missing: ${missing[*]}; run this again as root" && exit 1; }

  say "installing ${missing[*]} into $cache"
  install -d -m 0755 "$cache" "$cache/logs"
  apt-get update -qq
  set -m # each part is a process group of its own: an interrupt reaches all that it started
  trap stop_jobs INT TERM
  for part in "${missing[@]}"; do
    (
      "install_$part"
      say "$part: $SECONDS s"
    ) >"$cache/logs/$part.log" 2>&1 </dev/null &
    job[$part]=$!
  done
  for part in "${missing[@]}"; do
    wait "${job[$part]}" && "has_$part" && continue
    failed=1
    say "$part is NOT installed; the end of $cache/logs/$part.log:"
    tail -n 15 "$cache/logs/$part.log" >&3
  done
  say "$SECONDS s in total"
  return "$failed"
}

main "$@"

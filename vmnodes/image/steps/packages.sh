# Debian's packages, unpacked. Sourced by ../build.

readonly suite=trixie

# The first URI of the archive with this label among the sources of this machine's apt.
apt_source() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Label: $1" 2>/dev/null | sed -n 1p
}

# Proxies and time checks that this machine's apt is set to, as options for another apt.
apt_options() {
  apt-config dump | sed -nE 's/^(Acquire::((http|https)::Proxy[^ ]*|Check-[^ ]*|Retries) .*);$/--aptopt=\1/p'
}

# fetch_packages <folder>: no maintainer script runs and nothing needs root, since the packages are only unpacked.
fetch_packages() {
  local mirror security sources=() options
  mirror=${QD_DEBIAN_MIRROR:-$(apt_source Debian)}
  security=${QD_DEBIAN_SECURITY_MIRROR:-}
  [ -n "${QD_DEBIAN_MIRROR:-}" ] || security=${security:-$(apt_source Debian-Security)}
  [ -n "$mirror" ] || fail "this machine's apt has no Debian source; set QD_DEBIAN_MIRROR to the URL of a Debian mirror"
  sources=("deb $mirror $suite main")
  [ -z "$security" ] || sources+=("deb $security $suite-security main")
  mapfile -t options < <(apt_options)
  mkdir -p "$1"
  mmdebstrap --mode=chrootless --variant=extract --format=tar --architectures=amd64 \
    --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' "${options[@]}" \
    --include="$(grep -v '^#' "$here/packages" | paste -sd,)" \
    "$suite" - "${sources[@]}" | tar -x -C "$1" --no-same-owner --exclude=./dev
}

# Our own programs, and CoreDNS. Sourced by ../build.

# build_programs <folder>
build_programs() {
  mkdir -p "$1"
  local name
  ${CXX:-g++} -std=c++23 -O2 -static -s -ffunction-sections -fdata-sections -Wl,--gc-sections -o "$1/init" "$here"/init/*.cpp
  ${CC:-gcc} -Os -static -s -o "$1/pause" "$here/pause/pause.c"
  for name in lab oci coredns; do
    "$top/scripts/go-build" "$here/$name" "$1/$name"
  done
}

# make_images <programs> <archive>
make_images() {
  "$1/oci" -programs "$1" -output "$2" "$here/images.json"
}

# The root file system: what `files` and `modules` name, with what they need, and our own files. Sourced by ../build.

# The value of a path below a folder, links followed inside of it: resolve <folder> <path>
resolve() {
  local path=$2 target
  while [ -L "$1$path" ]; do
    target=$(readlink "$1$path")
    case $target in
      /*) path=$target ;;
      *) path=$(dirname "$path")/$target ;;
    esac
  done
  echo "$path"
}

library_folders="/usr/lib/x86_64-linux-gnu /usr/lib64 /usr/lib"

# keep <packages> <root> <path>: copies a file, the libraries that it asks for, and theirs.
keep() {
  local from=$1 to=$2 path=$3 real name folder
  [ ! -e "$to$path" ] || return 0
  real=$(resolve "$from" "$path")
  [ -f "$from$real" ] || fail "$path is in none of the packages"
  mkdir -p "$(dirname "$to$path")"
  cp "$from$real" "$to$path"
  for name in $(objdump -p "$to$path" 2>/dev/null | sed -n 's/^ *NEEDED *//p'); do
    for folder in $library_folders; do
      [ -e "$from$folder/$name" ] || [ -L "$from$folder/$name" ] || continue
      keep "$from" "$to" "$folder/$name"
      continue 2
    done
    fail "$path needs $name, which is in none of the packages"
  done
}

# run_packaged <packages> <name> <program> <argument>...: a program of the image runs here, with its own loader and libraries.
run_packaged() {
  local from=$1 name=$2 program=$3
  shift 3
  "$from$(resolve "$from" /usr/lib64/ld-linux-x86-64.so.2)" --argv0 "$name" --library-path "$from/usr/lib/x86_64-linux-gnu" "$from$program" "$@"
}

kernel_version() { basename "$1"/usr/lib/modules/*; }

# keep_modules <packages> <root>: uncompressed, because unpacking them at boot costs time.
keep_modules() {
  local version base wanted module
  version=$(kernel_version "$1")
  base=/usr/lib/modules/$version
  run_packaged "$1" depmod /usr/bin/kmod -b "$1" "$version"
  # A name stands for a folder or a module; modules.dep says what each needs.
  wanted=$(grep -v '^#' "$here/modules" | sed 's|.*|^kernel/&(/\|\\.ko)|' | paste -sd'|')
  grep -E "$wanted" "$1$base/modules.dep" | tr -d : | tr ' ' '\n' | sort -u | while read -r module; do
    mkdir -p "$(dirname "$2$base/$module")"
    xz -dc "$1$base/$module" >"$2$base/${module%.xz}"
  done
  cp "$1$base"/modules.builtin* "$1$base/modules.order" "$2$base/"
  run_packaged "$1" depmod /usr/bin/kmod -b "$2" "$version"
}

# assemble_root <packages> <root>
assemble_root() {
  local path
  mkdir -p "$2"/{dev,proc,sys,run,tmp,var,root,mnt,etc,usr/{bin,sbin,lib,lib64,libexec/quarterdeck}}
  ln -s usr/bin "$2/bin"
  ln -s usr/sbin "$2/sbin"
  ln -s usr/lib "$2/lib"
  ln -s usr/lib64 "$2/lib64"
  grep -v '^#' "$here/files" | while read -r path; do keep "$1" "$2" "$path"; done
  ln "$2/usr/sbin/mke2fs" "$2/usr/sbin/mkfs.ext4"
  keep_modules "$1" "$2"
  mkdir -p "$2/etc/ssl/certs"
  cat "$1"/usr/share/ca-certificates/mozilla/*.crt >"$2/etc/ssl/certs/ca-certificates.crt"
  "$2/usr/bin/busybox" --list | while read -r path; do
    [ -e "$2/usr/bin/$path" ] || [ -e "$2/usr/sbin/$path" ] || [ "$path" = init ] || ln -s busybox "$2/usr/bin/$path"
  done
}

# add_our_files <programs> <root>
add_our_files() {
  cp -r "$here/rootfs/." "$2/"
  install -m 0755 "$1/init" "$2/usr/sbin/init"
}

# make_initramfs <programs> <root> <packages> <out>
make_initramfs() {
  local tree=$work/initramfs version module name
  version=$(kernel_version "$3")
  mkdir -p "$tree/stage1"
  install -m 0755 "$1/init" "$tree/init"
  # What a module needs goes before it: modules.dep lists that from the last to the first.
  for name in $(grep -v '^#' "$here/modules.initramfs"); do
    for module in $(grep -E "/$name\.ko:" "$2/usr/lib/modules/$version/modules.dep" | tr -d : | tr ' ' '\n' | tac); do
      [ -e "$tree/stage1/$(basename "$module")" ] && continue
      cp "$2/usr/lib/modules/$version/$module" "$tree/stage1/"
      basename "$module" >>"$tree/stage1/order"
    done
  done
  find "$tree" -exec touch -h -d @0 {} +
  (cd "$tree" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) >"$4/initramfs"
  cp "$3/boot/vmlinuz-$version" "$4/vmlinuz"
}

# make_root_disk <root> <file>
make_root_disk() {
  chmod -R u+rX,go+rX,go-w "$1"
  mkfs.erofs --quiet -zlz4hc -T0 --all-root -U 00000000-0000-0000-0000-000000000000 "$2" "$1" >/dev/null
}

# The template of a node's data disk, and the manifest. Sourced by ../build.

readonly data_size=$((10 * 1024 * 1024 * 1024))
readonly command_line='console=ttyS0 quiet net.ifnames=0 audit=0 apparmor=0 panic=10'
readonly command_line_tcg='mitigations=off nokaslr tsc=reliable no5lvl'

# make_template <image> <work>: boots the image once, with the archive of images on a further disk, and keeps the data disk. Always without
# KVM: that works on every machine.
make_template() {
  local log=$2/template.log code=0
  truncate -s "$data_size" "$2/data.raw"
  timeout 280 qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max -smp 2 -m 768 -no-reboot -nodefaults -display none \
    -kernel "$1/vmlinuz" -initrd "$1/initramfs" -serial "file:$log" -device virtio-rng-pci \
    -append "$command_line $command_line_tcg qd.job=/usr/libexec/quarterdeck-image/make-template" \
    -drive "if=none,id=root,file=$1/root.erofs,format=raw,readonly=on" -device virtio-blk-pci,drive=root,serial=qd-root \
    -drive "if=none,id=data,file=$2/data.raw,format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap" \
    -device virtio-blk-pci,drive=data,serial=qd-data \
    -drive "if=none,id=images,file=$2/images.tar,format=raw,readonly=on" -device virtio-blk-pci,drive=images,serial=qd-images \
    >&2 || code=$?
  if [ $code -ne 0 ] || ! grep -q 'quarterdeck: .* job ended 0' "$log" || ! grep -q 'quarterdeck: .* stopped' "$log"; then
    cat "$log" >&2
    fail "the image did not boot, or could not take the bundled images in (qemu's code $code); its console is above"
  fi
  qemu-img convert -O qcow2 "$2/data.raw" "$1/data.qcow2"
}

# write_manifest <work> <image>
write_manifest() {
  local names
  names=$(sed -n 's/^ *"name": \("[^"]*"\).*/\1/p' "$here/images.json" | paste -sd,)
  cat >"$2/manifest.json" <<JSON
{
  "format": 1,
  "hash": "$hash",
  "kernel": "vmlinuz",
  "initramfs": "initramfs",
  "root": "root.erofs",
  "data": "data.qcow2",
  "dataVirtualSize": $data_size,
  "commandLine": "$command_line",
  "commandLineTcg": "$command_line_tcg",
  "kernelVersion": "$(kernel_version "$work/packages")",
  "images": [$names]
}
JSON
}

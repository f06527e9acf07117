#!/bin/sh
# Lays out the files of the image: the program, the libraries that it is linked with, and certificates; no shell, no packages.
#   image.sh PROGRAM FOLDER
set -eu
program=$1
image=$2
mkdir -p "$image/usr/local/bin" "$image/etc/throng" "$image/root" "$image/tmp"
cp "$program" "$image/usr/local/bin/throng"
# The lines of ldd have a path each: of a library, or of the loader.
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
    cp --parents -L "$library" "$image"
done
for file in /etc/nsswitch.conf /etc/ssl/certs/ca-certificates.crt; do
    if [ -f "$file" ]; then cp --parents -L "$file" "$image"; fi
done
echo 'throng:x:65532:65532::/root:/nonexistent' >"$image/etc/passwd"
echo 'throng:x:65532:' >"$image/etc/group"
# Where WS-HUB's image has its config: the user of this one is not root.
chmod 755 "$image/root"
chmod 1777 "$image/tmp"

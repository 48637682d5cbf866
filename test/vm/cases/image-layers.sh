# An image of sixty layers, more than mount(2) has room for by their whole paths.
mkdir -p image/blobs/sha256
blob() { # FILE: puts it among the blobs; $digest and $size are its own
  digest=$(sha256sum <"$1" | cut -d ' ' -f 1)
  size=$(stat -c %s "$1")
  mv "$1" "image/blobs/sha256/$digest"
}
names=$(seq 100 160)
mkdir -p $names 100/opaque 160/opaque
cp -a $rootfs/. 100
touch 100/opaque/lower 100/gone 160/opaque/.wh..wh..opq 160/opaque/upper 160/.wh.gone
for name in $names; do
  echo "$name" >"$name/layer$name"
  tar -C "$name" -cf "$name.tar" .
done
layers='' diff_ids=''
stat -c %s $(seq -f %g.tar 100 160) >sizes
sha256sum $(seq -f %g.tar 100 160) >sums
exec 3<sizes
while read -r digest tar; do
  read -r size <&3
  mv "$tar" "image/blobs/sha256/$digest"
  layers="$layers${layers:+,}{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:$digest\",\"size\":$size}"
  diff_ids="$diff_ids${diff_ids:+,}\"sha256:$digest\""
done <sums
exec 3<&-
echo "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"sh\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[$diff_ids]}}" >config
blob config
config="{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size}"
echo "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":$config,\"layers\":[$layers]}" >manifest
blob manifest
echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$digest\",\"size\":$size,\"annotations\":{\"org.opencontainers.image.ref.name\":\"docker.io/library/many:1\"}}]}" >image/index.json
echo '{"imageLayoutVersion":"1.0.0"}' >image/oci-layout

expect 0 husk load -q -i image
look='ls -d /layer* | wc -l; cat /layer158; echo $(ls / /opaque); touch /new; stat -c %u:%g /new /layer101'
expect 0 husk run --rm many:1 sh -c "$look"
has "$(printf '61\n158')"
equal "$(echo "$output" | grep -c '^0:0$')" 2
has 'opaque: upper'
case $output in *gone* | *lower*) echo "whiteouts do not hide"; exit 1 ;; esac

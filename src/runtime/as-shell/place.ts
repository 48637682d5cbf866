/** A shell function; see `inRootfs` of the rootfs room, whose commands call it. */
export const PLACE: readonly string[] = `
# place PATH: where a path of the container stands here. Its symbolic links lead where they would lead in there.
place() {
  at=$ROOTFS rest=$1 links=0
  while [ -n "$rest" ]; do
    name=\${rest%%/*}
    case $rest in */*) rest=\${rest#*/} ;; *) rest= ;; esac
    case $name in
      '' | .) ;;
      ..) [ "$at" = "$ROOTFS" ] || at=\${at%/*} ;;
      *) if [ -L "$at/$name" ] && [ $((links += 1)) -lt 40 ]; then
           link=$(readlink "$at/$name")
           case $link in /*) at=$ROOTFS ;; esac
           rest=$link/$rest
         else at=$at/$name; fi ;;
    esac
  done
  printf %s "$at"
}`.split("\n");

import { fstatSync, type Stats } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import type { Process } from "../config.ts";

/** Descriptors of systemd's socket activation (sd_listen_fds(3)) and of --preserve-fds. */
export function passedDescriptors(process: Process, preserve: number): number[] {
  const { LISTEN_FDS, LISTEN_PID } = globalThis.process.env;
  const own = LISTEN_FDS !== undefined && LISTEN_PID === `${globalThis.process.pid}`;
  const listening = own ? Number.parseInt(LISTEN_FDS, 10) || 0 : 0;
  if (listening > 0) process.env = [...(process.env ?? []), `LISTEN_FDS=${listening}`, "LISTEN_PID=1"];
  const descriptors: number[] = [];
  for (let fd = 3; fd < 3 + listening + preserve; fd++) {
    try {
      fstatSync(fd);
    } catch (cause) {
      throw new HuskError("invalid", `please check that preserved-fd ${fd} (of ${preserve}) is present`, {
        cause,
      });
    }
    descriptors.push(fd);
  }
  return descriptors;
}

/** Which of the standard streams are to be handed to the container's user. /dev/null is everybody's. */
export function ownedStreams(uid: number): number[] {
  return streamsThat((stats) => !isNull(stats) && stats.uid !== uid);
}

/** Which of the standard streams are the null device (null(4)). */
export function nullStreams(): number[] {
  return streamsThat(isNull);
}

function isNull(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0x103;
}

function streamsThat(are: (stats: Stats) => boolean): number[] {
  const streams: number[] = [];
  for (const fd of [0, 1, 2]) {
    try {
      if (are(fstatSync(fd))) streams.push(fd);
    } catch {
      // It is closed.
    }
  }
  return streams;
}

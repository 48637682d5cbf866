const DECIMAL = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** Bytes as docker shows most of them: four digits, powers of 1000: `1.235GB`. */
export function humanSize(bytes: number): string {
  return scaled(bytes, 1000, DECIMAL, 4);
}

/** Bytes as docker shows the sizes of images: three digits: `1.23GB`. */
export function imageSize(bytes: number): string {
  return scaled(bytes, 1000, DECIMAL, 3);
}

/** Bytes of memory, as `stats` shows them: powers of 1024: `1.945GiB`. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, BINARY, 4);
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = Math.max(bytes, 0);
  let unit = 0;
  // What rounds up to the next unit is shown in it: 999999 bytes are 1MB.
  while (unit + 1 < units.length && Number(value.toPrecision(Math.max(digits, 4))) >= base) {
    value /= base;
    unit++;
  }
  if (unit + 1 < units.length && Number(value.toPrecision(digits)) >= base) {
    value /= base;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}

/** A span of time in docker's words: `About an hour`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds < 60) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  const minutes = Math.trunc(milliseconds / 60_000);
  if (minutes < 60) return minutes === 1 ? "About a minute" : `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / 3_600_000 + 0.5);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 7 * 2) return `${days} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(days / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(milliseconds / 3_600_000 / 24 / 365)} years`;
}

/** How long ago a moment (RFC 3339) is: `3 weeks ago`; `N/A` if nobody says. */
export function ago(moment: string | undefined, now: number = Date.now()): string {
  const time = Date.parse(moment ?? "");
  return Number.isNaN(time) ? "N/A" : `${humanDuration(now - time)} ago`;
}

/** A moment as Go prints it, in this machine's zone, to the second: `2024-05-01 10:00:00 +0000 UTC`. */
export function goTime(moment: string | undefined): string {
  const date = new Date(moment ?? "");
  if (Number.isNaN(date.getTime())) return "N/A";
  return `${calendar(date, " ")} ${offset(date).replace(":", "")} ${zoneName(date)}`;
}

/** A moment in RFC 3339, in this machine's zone, to the second: `2024-05-01T10:00:00Z`. */
export function localTime(moment: string | undefined): string {
  const date = new Date(moment ?? "");
  if (Number.isNaN(date.getTime())) return "N/A";
  return `${calendar(date, "T")}${date.getTimezoneOffset() === 0 ? "Z" : offset(date)}`;
}

function calendar(date: Date, between: string): string {
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const day = `${`${date.getFullYear()}`.padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}${between}${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const part = (value: number): string => `${Math.trunc(Math.abs(value))}`.padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${part(minutes / 60)}:${part(minutes % 60)}`;
}

function zoneName(date: Date): string {
  if (date.getTimezoneOffset() === 0) return "UTC";
  return (
    /([A-Z]{2,5})$/.exec(date.toLocaleTimeString("en", { timeZoneName: "short" }))?.[1] ??
    offset(date).replace(":", "")
  );
}

/** Nanoseconds since 1970 in RFC 3339, in this machine's zone: `2024-05-01T10:00:00.000000000+02:00`. */
export function localNanoTime(time: bigint): string {
  const date = new Date(Number(time / 1_000_000n));
  const fraction = String(time % 1_000_000_000n).padStart(9, "0");
  return `${calendar(date, "T")}.${fraction}${offset(date)}`;
}

/** The first twelve digits of an id, without its algorithm. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(":") + 1).slice(0, 12);
}

/** Text of at most `most` characters; what is cut off is an ellipsis. */
export function ellipsis(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, Math.max(most - 1, 0)).join("")}…`;
}

import {
  type existingPlaces,
  type GroupSpec,
  type GroupUse,
  groupUse,
  showPlaces,
} from "../../cgroup/by-hand/index.ts";
import { named } from "./print-values.ts";

type Places = ReturnType<typeof existingPlaces>;

/** Every folder of a group, with its processes and the value of every file. */
export function printShown(places: Places, spec: GroupSpec, format: "text" | "json"): void {
  const shown = showPlaces(places);
  if (format === "json") {
    console.log(JSON.stringify({ name: spec.text, groups: shown }));
    return;
  }
  const lines: string[] = [];
  for (const { folder, version, controllers, processes, values } of shown) {
    if (lines.length > 0) lines.push("");
    lines.push(`${folder} (v${version}: ${controllers.join(", ") || "no controllers"})`);
    lines.push(`processes: ${processes.join(" ") || "none"}`);
    for (const name in values) lines.push(named(name, values[name] as string));
  }
  console.log(lines.join("\n"));
}

/** What a group uses, as a table. */
export function printUse(places: Places, spec: GroupSpec, format: "text" | "json"): void {
  const use = groupUse(places);
  if (format === "json") {
    console.log(JSON.stringify({ name: spec.text, ...use }));
    return;
  }
  const rows = useRows(use);
  const width = Math.max(...rows.map(([left]) => left.length));
  console.log([spec.text, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join("\n"));
}

function useRows({ processes, memory, cpu, pids, io, frozen }: GroupUse): [string, string][] {
  const rows: [string, string][] = [["processes", `${processes}${frozen === true ? " (frozen)" : ""}`]];
  if (memory !== undefined) {
    const peak = memory.peak === undefined ? "" : `, at most ${size(memory.peak)} so far`;
    const killed = memory.killed === 0 ? "" : `; ${memory.killed} killed for lack of it`;
    rows.push([
      "memory",
      `${size(memory.bytes)} of ${memory.limit === null ? "any" : size(memory.limit)}${peak}${killed}`,
    ]);
  }
  if (cpu !== undefined) {
    const time = cpu.seconds === undefined ? "time not counted here" : `${cpu.seconds.toFixed(2)} s`;
    const limit = cpu.limit === null ? "no limit" : `${Math.round(cpu.limit * 1e4) / 100}% of one core`;
    rows.push(["cpu", `${time}; ${limit}${cpu.weight === undefined ? "" : `; weight ${cpu.weight}`}`]);
    if (cpu.periods > 0)
      rows.push([
        "throttled",
        `${cpu.throttled} of ${cpu.periods} periods, ${cpu.throttledSeconds.toFixed(2)} s`,
      ]);
  }
  if (pids !== undefined) {
    const refused = pids.refused === 0 ? "" : `; refused ${pids.refused} times`;
    rows.push(["pids", `${pids.current} of ${pids.limit ?? "any number"}${refused}`]);
  }
  if (io !== undefined)
    rows.push(["block I/O", `${size(io.readBytes)} read, ${size(io.writtenBytes)} written`]);
  return rows;
}

function size(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${Math.round(value * 10) / 10} ${units[unit]}`;
}

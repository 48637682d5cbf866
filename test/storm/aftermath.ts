// What a storm left: nothing may be lost, untrue, or still there.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { foldersOf } from "../harness/by-hand-group.ts";
import { allProcesses, commandLine, waitFor } from "../harness/index.ts";
import { losses, readRuns, type Run } from "./account.ts";
import { internals, keepersOf, type Storm } from "./clients.ts";

/** In a pipe, and in the keeper's hands between reading and writing. */
const IN_A_DEAD_KEEPER = 2 * 65536;

/** Ends all containers and waits until the engine is quiet. Returns their ids. */
export async function calmDown({ of }: Storm): Promise<string[]> {
  const list = async (): Promise<string[]> =>
    (await of.husk(["ps", "-aq", "--no-trunc"])).stdout.split("\n").filter(Boolean);
  const ids = await list();
  // Whose keeper was killed is started again by its policy, perhaps just now.
  await waitFor(
    "the end of all containers",
    async () => {
      if (ids.length > 0) await of.husk(["stop", "-t", "0", ...ids], { timeout: 60_000 });
      const alive = (await of.husk(["ps", "-q"])).stdout;
      return alive === "" && internals(of).length === 0 && keepersOf(of).length === 0;
    },
    30_000,
  );
  // Those with --rm are gone now.
  return list();
}

interface Inspected {
  readonly Id: string;
  readonly State: { Status: string; Running: boolean; ExitCode: number; Error: string; Pid: number };
}

interface Told {
  readonly host: string;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly event: "die" | "kill";
  /** Of "die": its exit status. Of "kill": the signal that is about to be sent. */
  readonly number: number;
}

/** What is not as the containers' own accounts say; they have ended. */
export async function untruths(storm: Storm, ids: readonly string[]): Promise<string[]> {
  const { of, folder, keepers = [] } = storm;
  const runs = readRuns(folder);
  const wrong = wrongStatuses(runs, await told(storm), storm);
  if (ids.length === 0) return wrong;
  const inspected = await of.husk(["inspect", ...ids]);
  if (inspected.status !== 0) return [...wrong, `inspect: ${inspected.stderr}`];
  const shown = JSON.parse(inspected.stdout) as Inspected[];
  for (const { Id, State } of shown) {
    const own = runs.filter(({ host }) => Id.startsWith(host));
    const { stdout, stderr, status } = await of.husk(["logs", Id]);
    if (status !== 0) wrong.push(`logs ${Id}: status ${status}`);
    const forgiven = new Map<string, number>();
    for (const [index, { name }] of own.entries())
      if (keepers.some((killed) => Id.startsWith(killed.host) && isWithin(killed.time, own, index)))
        forgiven.set(name, IN_A_DEAD_KEEPER);
    wrong.push(...losses(own, [stdout, stderr], forgiven));
    if (State.Running || State.Pid !== 0 || !["exited", "created"].includes(State.Status))
      wrong.push(`${Id} is shown as ${JSON.stringify(State)}`);
    const last = own.at(-1);
    if (
      State.Status === "exited" &&
      last?.status !== undefined &&
      ![last.status, 137].includes(State.ExitCode)
    )
      wrong.push(`${Id} ended with ${last.status} and is shown as ${JSON.stringify(State)}`);
    if (
      State.Status === "exited" &&
      last !== undefined &&
      last.status === undefined &&
      State.ExitCode !== 137
    )
      wrong.push(`${Id} was killed and is shown as ${JSON.stringify(State)}`);
    if (keepers.length === 0 && State.Error !== "") wrong.push(`${Id}: ${State.Error}`);
  }
  return wrong;
}

/** Whether a keeper that was killed then was that of a run. */
function isWithin(milliseconds: number, runs: readonly Run[], index: number): boolean {
  const begin = (of: Run | undefined): number =>
    of === undefined ? Number.POSITIVE_INFINITY : Number(BigInt(`0x${of.name}`) / 1_000_000n);
  return milliseconds >= begin(runs[index]) - 1 && milliseconds <= begin(runs[index + 1]) + 1;
}

async function told({ of }: Storm): Promise<Told[]> {
  const until = String(Math.ceil(Date.now() / 1000));
  const filters = ["-f", "event=die", "-f", "event=kill"];
  const { stdout } = await of.husk([
    "events",
    "--since",
    "0",
    "--until",
    until,
    ...filters,
    "--format",
    "json",
  ]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map(({ id, timeNano, Action, Actor: { Attributes } }) => ({
      host: id.slice(0, 12),
      time: BigInt(timeNano),
      event: Action,
      number: Number(Action === "die" ? Attributes.exitCode : Attributes.signal),
    }));
}

/** Every run has one death, with the status it chose, or 137 when it was killed. */
function wrongStatuses(runs: readonly Run[], events: readonly Told[], { keepers = [] }: Storm): string[] {
  const wrong: string[] = [];
  for (const host of new Set(runs.map((run) => run.host))) {
    const own = runs.filter((run) => run.host === host);
    const told = events.filter((event) => event.host === host);
    for (const [index, { name, status }] of own.entries()) {
      const [begin, next] = [BigInt(`0x${name}`), own[index + 1]];
      const nextBegin = next === undefined ? undefined : BigInt(`0x${next.name}`);
      const death = told.find(
        ({ event, time }) =>
          event === "die" && time >= begin && (nextBegin === undefined || time <= nextBegin),
      );
      const keeperKilled = keepers.some(
        (keeper) => keeper.host === host && isWithin(keeper.time, own, index),
      );
      if (death === undefined) {
        // A keeper can be killed between its exit record and its event: then the record alone tells.
        if (!keeperKilled) wrong.push(`${host} run ${name}: nobody says how it ended`);
        continue;
      }
      // It may be killed while it is just ending, by somebody who said so before.
      const since = BigInt(`0x${own[index - 1]?.name ?? "0"}`);
      const killed =
        keeperKilled ||
        told.some(
          ({ event, number, time }) =>
            event === "kill" && number === 9 && time >= since && time <= death.time,
        );
      if (death.number !== (status ?? 137) && !(death.number === 137 && killed))
        wrong.push(
          `${host} run ${name}: it ended with ${status ?? "a signal"}, and husk says ${death.number}`,
        );
    }
  }
  return wrong;
}

/** Removes all containers and says what is left of them. */
export async function leftovers({ of, folder, flags }: Storm, ids: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  if (ids.length > 0) {
    const removed = await of.husk(["rm", "-f", ...ids]);
    if (removed.status !== 0) left.push(`rm: ${removed.stderr}`);
  }
  // The next command tidies up behind those that were killed.
  const next = await of.husk(["create", ...flags, "--name", "after", "host", "true"]);
  if (next.status !== 0 || next.stderr !== "") left.push(`create: ${next.stderr}`);
  await of.husk(["rm", "after"]);
  const ps = await of.husk(["ps", "-a", "-q"]);
  if (ps.stdout !== "" || ps.stderr !== "") left.push(`ps: ${ps.stdout}${ps.stderr}`);
  for (const place of [
    `${of.root}/containers`,
    `${of.root}/names`,
    `${of.root}/unfinished`,
    `${of.run}/containers`,
  ])
    if (existsSync(place)) left.push(...readdirSync(place).map((name) => `${place}/${name}`));
  const parent = flags[flags.indexOf("--cgroup-parent") + 1];
  if (parent !== undefined)
    for (const group of foldersOf(parent))
      left.push(
        ...readdirSync(group, { withFileTypes: true }).flatMap((entry) =>
          entry.isDirectory() ? [join(group, entry.name)] : [],
        ),
      );
  // Programs, and keepers that have become husk, are told the folder.
  const hosts = new Set(readRuns(folder).map(({ host }) => host));
  const alive = (): string[] =>
    allProcesses().flatMap(({ pid, state, name }) => {
      const line = commandLine(pid);
      const isOurs = line.includes(of.root) || (name === "husk-keeper" && hosts.has(line[1] ?? ""));
      return state !== "Z" && isOurs ? [`process ${pid}: ${line.join(" ")}`] : [];
    });
  await waitFor("the end of what is just ending", () => alive().length === 0).catch(() => {});
  left.push(...alive());
  if (readFileSync("/proc/self/mountinfo", "utf8").includes(of.root)) left.push("a mount");
  return left;
}

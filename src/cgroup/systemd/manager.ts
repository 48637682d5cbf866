import { existsSync } from "node:fs";
import { HuskError } from "../../platform/error.ts";
import { type Bus, BusError, connectBus, socketsOf } from "../../platform/dbus/index.ts";
import type { Property } from "./properties.ts";
import { unitPath } from "./unit-name.ts";

const SYSTEMD = "org.freedesktop.systemd1";
const MANAGER = "org.freedesktop.systemd1.Manager";

/** A connection to a systemd: the machine's, or a user's own. */
export interface Manager {
  /**
   * Starts a transient scope that holds a process of ours, and waits until that is done.
   *
   * @returns its group below the top of each hierarchy
   */
  startScope(unit: string, pid: number, properties: readonly Property[]): Promise<string>;
  /** Changes properties until the scope's end. */
  setProperties(unit: string, properties: readonly Property[]): Promise<void>;
  /** Ends a scope with everything in it and forgets that it failed; one that does not exist is well. */
  stop(unit: string): Promise<void>;
  close(): void;
}

/**
 * Connects to the systemd that manages the control groups of root, or of an ordinary user (`uid`). Its own socket is
 * tried before the bus: that needs no other program.
 *
 * @throws HuskError "unavailable" when there is none
 */
export async function connectManager(ofUser: boolean, uid: number): Promise<Manager> {
  const { env } = process;
  const folder = runtimeFolder(uid);
  const direct = ofUser ? `${folder}/systemd/private` : "/run/systemd/private";
  const buses = ofUser
    ? [...socketsOf(env.DBUS_SESSION_BUS_ADDRESS ?? ""), `${folder}/bus`]
    : [...socketsOf(env.DBUS_SYSTEM_BUS_ADDRESS ?? ""), "/run/dbus/system_bus_socket"];
  let failure: unknown;
  for (const path of [direct, ...buses]) {
    if (!path.startsWith("\0") && !existsSync(path)) continue;
    try {
      const bus = await connectBus(path);
      return managerOn(bus, path === direct ? undefined : SYSTEMD);
    } catch (error) {
      failure ??= error;
    }
  }
  throw new HuskError(
    "unavailable",
    `no systemd answers for ${ofUser ? `user ${uid}` : "this machine"}${failure instanceof Error ? `: ${failure.message}` : ""}`,
    {
      cause: failure,
      hint: ofUser
        ? `log in by systemd, or as root: loginctl enable-linger ${uid}; without systemd: --cgroup-manager cgroupfs`
        : "without systemd: --cgroup-manager cgroupfs",
    },
  );
}

function runtimeFolder(uid: number): string {
  return process.env.XDG_RUNTIME_DIR ?? `/run/user/${uid}`;
}

async function managerOn(bus: Bus, destination: string | undefined): Promise<Manager> {
  const call = (member: string, signature = "", body: readonly unknown[] = []): Promise<readonly unknown[]> =>
    bus.call({ destination, path: "/org/freedesktop/systemd1", interface: MANAGER, member, signature, body });
  if (destination !== undefined) {
    const ask = (member: string, body: readonly unknown[] = []): Promise<unknown> =>
      bus.call({
        destination: "org.freedesktop.DBus",
        path: "/org/freedesktop/DBus",
        interface: "org.freedesktop.DBus",
        member,
        signature: body.length === 0 ? "" : "s",
        body,
      });
    await ask("Hello");
    await ask("AddMatch", [`type='signal',interface='${MANAGER}',member='JobRemoved'`]);
    await call("Subscribe");
  }

  /** Waits for the end of the job a call begins; it may end before the call is answered. */
  async function job(unit: string, begin: () => Promise<readonly unknown[]>): Promise<void> {
    const removed: (readonly unknown[])[] = [];
    const wanted: { job?: unknown } = {};
    const end = bus.signal(({ interface: from, member, body }) => {
      if (from !== MANAGER || member !== "JobRemoved" || body[2] !== unit) return false;
      removed.push(body);
      return wanted.job !== undefined && body[1] === wanted.job;
    });
    // Its time may run out while the call fails, when nobody waits for it any more.
    end.catch(() => {});
    [wanted.job] = await begin();
    const early = removed.find((body) => body[1] === wanted.job);
    const result = (early ?? (await end).body)[3];
    if (result !== "done")
      throw new HuskError(
        "failed",
        `systemd could not do it: the job for ${unit} ended with "${String(result)}"`,
        {
          hint: `systemctl status ${unit} and the journal tell more`,
        },
      );
  }

  async function reset(unit: string): Promise<void> {
    await ignoring(["NoSuchUnit"], call("ResetFailedUnit", "s", [unit]));
  }

  async function startOnce(unit: string, properties: readonly Property[]): Promise<void> {
    await job(unit, () => call("StartTransientUnit", "ssa(sv)a(sa(sv))", [unit, "replace", properties, []]));
  }

  return {
    async startScope(unit, pid, properties) {
      const all: Property[] = [...properties, ["PIDs", { type: "au", value: [pid] }]];
      try {
        await startOnce(unit, all);
      } catch (error) {
        if (!isBusError(error, "UnitExists")) throw explain(unit, error);
        // One that failed is kept until it is reset, and has the name as long.
        await reset(unit);
        await startOnce(unit, all).catch((again: unknown) => {
          throw explain(unit, again);
        });
      }
      const [group] = await bus.call({
        destination,
        path: unitPath(unit),
        interface: "org.freedesktop.DBus.Properties",
        member: "Get",
        signature: "ss",
        body: [`${SYSTEMD}.Scope`, "ControlGroup"],
      });
      return (group as { value: string }).value;
    },
    async setProperties(unit, properties) {
      await call("SetUnitProperties", "sba(sv)", [unit, true, properties]).catch((error: unknown) => {
        throw explain(unit, error);
      });
    },
    async stop(unit) {
      try {
        await job(unit, () => call("StopUnit", "ss", [unit, "replace"]));
      } catch (error) {
        if (!isBusError(error, "NoSuchUnit")) throw explain(unit, error);
      }
      await reset(unit);
    },
    close: () => bus.close(),
  };
}

function isBusError(error: unknown, name: string): boolean {
  return error instanceof BusError && error.name === `${SYSTEMD}.${name}`;
}

async function ignoring(names: readonly string[], answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    if (!names.some((name) => isBusError(error, name))) throw error;
  }
}

function explain(unit: string, error: unknown): unknown {
  if (!(error instanceof BusError)) return error;
  if (isBusError(error, "UnitExists"))
    return new HuskError("conflict", `systemd unit ${unit} exists already`, {
      cause: error,
      hint: `choose another id or cgroupsPath, or end that one: systemctl stop ${unit}`,
    });
  return new HuskError("failed", `systemd unit ${unit}: ${error.message}`, { cause: error });
}

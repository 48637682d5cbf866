// The unit tests, and the system tests (test/, from outside, with the built executable) as root or an ordinary
// user. Root runs those in a mount and network namespace of their own. Nothing may be left behind.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { repository } from "../harness/husk.ts";
import { findCommand, isRoot } from "../harness/needs.ts";
import { asUser, findUser, type User } from "../harness/user.ts";
import { reportFolder, runBunTest } from "./bun-test.ts";
import { leftOut } from "./left-out.ts";
import { failedOnce, type Order, type Outcome, skippedOnce } from "./part.ts";
import { makeUsers } from "./users.ts";

/** Where the repository appears to users who cannot reach its real place, such as /root. */
const reachablePlace = "/mnt";

const bun = "node_modules/.bin/bun";

/** Prepares the namespaces of a run: `sh -c namespaceScript sh REPOSITORY COMMAND…`. */
const namespaceScript = `
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up 2>/dev/null || busybox ip link set lo up
cd "$1"
shift
exec "$@"`;
const reachableScript = `mount --bind "$1" ${reachablePlace}; shift; set -- ${reachablePlace} "$@"; ${namespaceScript}`;

/** Runs the unit tests, guarded alike, as who is here. */
export async function runUnitTests(order: Order): Promise<Outcome> {
  return run("unit", undefined, [], withPaths(order, ["./src"]));
}

function withPaths(order: Order, paths: readonly string[]): Order {
  return order.paths.length > 0 ? order : { ...order, paths };
}

/** Runs the system tests as `userName`, or as root when undefined. */
export async function runSystemTests(
  part: string,
  userName: string | undefined,
  given: Order,
): Promise<Outcome> {
  // Who is not root runs them once, as the ordinary user they are.
  if (!isRoot && part !== "user") return skippedOnce(`${part}: all system tests`, "root");
  if (!isRoot) return run(part, undefined, [], withPaths(given, ["./test"]));
  const left = given.paths.length > 0 ? [] : (leftOut[part] ?? []);
  const ignore = left.map((pattern) => `--path-ignore-patterns=${pattern}`);
  const order = withPaths({ ...given, options: [...ignore, ...given.options] }, [
    part === "engines" ? "./test/other-engines" : "./test",
  ]);

  if (!makeUsers() && userName !== undefined) return skippedOnce(`${part}: all system tests`, "useradd");
  const user = userName === undefined ? undefined : findUser(userName)!;
  const reach = user !== undefined && !canRead(user, repository);
  const script = reach ? reachableScript : namespaceScript;
  const wrapper = [
    "unshare",
    "--net",
    "--mount",
    "--propagation=private",
    "/bin/sh",
    "-ec",
    script,
    "sh",
    repository,
  ];
  return run(part, user, wrapper, order);
}

async function run(
  part: string,
  user: User | undefined,
  wrapper: readonly string[],
  order: Order,
): Promise<Outcome> {
  if (!compileSubreaper()) return failedOnce(`${part}: test/suite/subreaper.c does not compile`);
  const temporary = mkdtempSync("/tmp/husk-suite-");
  chmodSync(temporary, 0o755);
  const [home, runtime] = [join(temporary, "home"), join(temporary, "run")];
  for (const folder of [home, runtime]) mkdirSync(folder, { mode: 0o700 });
  if (user !== undefined)
    for (const folder of [temporary, home, runtime]) chownSync(folder, user.uid, user.gid);
  const reportPath = join(temporary, "run", "report.xml");
  const bare: readonly string[] = ["dist/test/subreaper"];
  try {
    return await runBunTest({
      part,
      order,
      reportPath,
      wrapper: [...wrapper, bun, "test/suite/guard.ts", ...(user === undefined ? bare : asUser(user, bare))],
      env: testEnvironment(temporary, home, runtime, user),
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Nothing of the caller's environment but what the tests are steered by. */
function testEnvironment(
  temporary: string,
  home: string,
  runtime: string,
  user: User | undefined,
): Record<string, string> {
  const kept = ["PATH", "LANG", "HUSK_SOAK", "HUSK_SEED", "CI"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    ...user?.environment,
    HOME: home,
    HUSK_TEST_CACHE: join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "husk-test"),
    // Of commands that name no folders of their own: never this machine's.
    HUSK_ROOT: join(home, "root"),
    HUSK_RUN: join(home, "run"),
    NODE_DISABLE_COMPILE_CACHE: "1",
    TMPDIR: temporary,
    XDG_RUNTIME_DIR: runtime,
    TERM: "xterm",
  };
}

function canRead(user: User, folder: string): boolean {
  return Bun.spawnSync(asUser(user, ["test", "-r", `${folder}/package.json`])).success;
}

let subreaperIsThere: boolean | undefined;

/** Compiles it, once: parts that run side by side use the same. */
function compileSubreaper(): boolean {
  const compiler = findCommand(process.env.CC ?? "cc");
  if (compiler === undefined) return false;
  const source = join(repository, "test/suite/subreaper.c");
  const words = ["-O", "-Wall", "-Wextra", "-Werror", "-o", `${reportFolder}/subreaper`, source];
  subreaperIsThere ??= Bun.spawnSync([compiler, ...words], {
    stdio: ["ignore", "inherit", "inherit"],
  }).success;
  return subreaperIsThere;
}

// The npm package: what it carries, and that it works in an empty project, on Bun and on Node.
import { beforeAll, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { findCommand, isRoot, needs, repository, run, temporaryFolder, waitFor } from "./harness/index.ts";
import { buildPackage, bunPath, nodePath } from "./harness/package.ts";

const folder = temporaryFolder("package");
const environment = {
  HOME: folder,
  npm_config_cache: `${folder}/cache`,
  BUN_INSTALL_CACHE_DIR: `${folder}/bun-cache`,
};

/** Packs a package of this machine; nothing is asked from a registry. */
async function pack(path: string): Promise<string> {
  const command = ["npm", "pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout, stderr } = await run(command, { cwd: path, env: environment, timeout: 60_000 });
  const [packed] = Object.values(JSON.parse(stdout)) as { filename: string }[];
  if (packed === undefined) throw new Error(stderr);
  return `${folder}/${packed.filename}`;
}

let tarball = "";
let yaml = "";

beforeAll(async () => {
  if (!isRoot || findCommand("npm") === undefined) return;
  await buildPackage();
  tarball = await pack(repository);
  yaml = await pack(`${repository}/node_modules/yaml`);
}, 180_000);

/** An empty project that has the package, installed by npm, with that Node first on PATH. */
async function project(name: string): Promise<string> {
  const place = `${folder}/${name}`;
  mkdirSync(place);
  writeFileSync(
    `${place}/package.json`,
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { husk: `file:${tarball}`, yaml: `file:${yaml}` },
    }),
  );
  return place;
}

const PROGRAM = `
import { HuskError, openEngine } from "husk";
const text = (bytes) => new TextDecoder().decode(bytes);
const husk = await openEngine();
const { exitCode, stdout, stderr } = await husk.run("host", ["sh", "-c", "cat; echo err >&2; exit 3"], { stdin: "in" });
const short = await husk.containers.run("host", ["sh", "-c", "echo from the log; exit 4"]);
const code = await short.wait();
let log = "";
for await (const { bytes } of short.logs()) log += text(bytes);
await short.remove();
const gone = await husk.containers.run("host", ["true"], { rm: true });
await husk.containers.run("host", ["sh", "-c", "echo again; sleep 0.1; exit 1"], { name: "stubborn", restart: { kind: "on-failure", retries: 1 } });
const error = await husk.run("host", ["no-such-program"]).catch((error) => error);
const runtime = (await husk.info()).runtime;
console.log(JSON.stringify({ exitCode, out: text(stdout), err: text(stderr), code, log, isHusk: error instanceof HuskError, error: error.code, runtime, gone: gone.folder }));
`;

/** Uses the installed package as a library and by its command, with containers that live on. */
async function use(place: string, runtime: readonly string[], path: string): Promise<{ runtime: string }> {
  const env = {
    HUSK_ROOT: temporaryFolder("root", 0o700),
    HUSK_RUN: temporaryFolder("run", 0o700),
    PATH: `${path}:${process.env["PATH"]}`,
  };
  writeFileSync(`${place}/program.js`, PROGRAM);
  const { status, stdout, stderr } = await run([...runtime, "program.js"], { cwd: place, env });
  expect([status, stderr]).toEqual([0, ""]);
  const { gone, ...said } = JSON.parse(stdout) as { gone: string; runtime: string };
  expect(said).toMatchObject({ exitCode: 3, out: "in", err: "err\n", code: 4, log: "from the log\n" });
  expect(said).toMatchObject({ isHusk: true, error: "command-not-found" });
  // Nobody is there any more who could do these.
  await waitFor("what --rm removes", () => !existsSync(gone));
  const husk = (...args: string[]) =>
    run([...runtime, "node_modules/.bin/husk", ...args], { cwd: place, env });
  await waitFor("the restart", async () => (await husk("logs", "stubborn")).stdout === "again\nagain\n");
  expect(await husk("rm", "-f", "stubborn")).toMatchObject({ status: 0, stdout: "stubborn\n" });
  expect(await husk("run", "--rm", "host", "sh", "-c", "echo hello; exit 6")).toMatchObject({
    status: 6,
    stdout: "hello\n",
  });
  expect((await husk("run", "-d", "--rm", "--name", "short", "host", "sleep", "0.3")).status).toBe(0);
  await waitFor("its removal", async () => (await husk("ps", "-aq")).stdout === "");
  expect((await husk("--version")).stdout).toMatch(/^husk version \d/);
  return said;
}

needs({ root: true, command: "npm" })(
  "it carries the library, its types, and a keeper for both processors",
  async () => {
    const { stdout } = await run(["tar", "-tzf", tarball]);
    const names = stdout.trim().split("\n");
    const inner = names.filter((name) => name.startsWith("package/dist/"));
    expect(
      inner.filter((name) => !/\.js$|\.d\.ts$|\/keeper-(x64|arm64)$|\/yaml\.LICENSE$/.test(name)),
    ).toEqual([]);
    expect(names.filter((name) => /test|bench|native/.test(name))).toEqual([]);
    for (const [keeper, machine] of [
      ["x64", 62],
      ["arm64", 183],
    ] as const) {
      // ELF's e_machine (elf(5)): EM_X86_64, EM_AARCH64. The other one needs a cross compiler.
      if (keeper !== process.arch && findCommand("aarch64-linux-gnu-gcc") === undefined) continue;
      expect(readFileSync(`${repository}/dist/package/keeper-${keeper}`).readUInt16LE(18)).toBe(machine);
    }
  },
);

needs({ root: true })(
  "its modules import only each other, what the runtime brings, and what is declared",
  () => {
    const { dependencies = {} } = JSON.parse(readFileSync(`${repository}/package.json`, "utf8")) as {
      dependencies?: Record<string, string>;
    };
    const foreign = new Set<string>();
    for (const name of readdirSync(`${repository}/dist/package`, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".js")) continue;
      const text = readFileSync(`${repository}/dist/package/${name}`, "utf8");
      for (const pattern of [/^(?:import|export) (?:[^";]* from )?"([^"]+)"/gm, /\bimport\("([^"]+)"\)/g])
        for (const [, from = ""] of text.matchAll(pattern))
          if (!from.startsWith(".") && !from.startsWith("node:")) foreign.add(from);
    }
    expect([...foreign]).toEqual(Object.keys(dependencies));
  },
);

needs({ root: true, command: "npm", file: nodePath })(
  "installed by npm, it runs containers on Node",
  async () => {
    const place = await project("on-node");
    const bin = temporaryFolder("bin");
    symlinkSync(nodePath, `${bin}/node`);
    const path = `${bin}:${process.env["PATH"]}`;
    const install = ["npm", "install", "--offline", "--no-audit", "--no-fund"];
    const installed = await run(install, {
      cwd: place,
      env: { ...environment, PATH: path },
      timeout: 60_000,
    });
    expect(installed.status).toBe(0);
    expect((await use(place, [nodePath], bin)).runtime).toMatch(/^Node 2[2-9]/);
    // As `npx husk` starts it: by its first line.
    const env = {
      PATH: path,
      HUSK_ROOT: temporaryFolder("root", 0o700),
      HUSK_RUN: temporaryFolder("run", 0o700),
    };
    expect(
      (await run([`${place}/node_modules/.bin/husk`, "run", "--rm", "host", "echo", "hi"], { env })).stdout,
    ).toBe("hi\n");
    await typesHold(place);
  },
  120_000,
);

needs({ root: true, command: "npm" })(
  "installed by Bun, it runs containers on Bun",
  async () => {
    const place = await project("on-bun");
    const installed = await run([bunPath, "install"], { cwd: place, env: environment, timeout: 60_000 });
    expect([installed.status, installed.stderr]).toEqual([0, expect.any(String)]);
    expect((await use(place, [bunPath], temporaryFolder("bin"))).runtime).toMatch(/^Bun /);
  },
  120_000,
);

/** A stranger's TypeScript sees the whole API, without Bun's types and with nothing skipped. */
async function typesHold(place: string): Promise<void> {
  writeFileSync(
    `${place}/stranger.ts`,
    `import { type Container, HuskError, openEngine, type RunOutput } from "husk";
const husk = await openEngine();
const { exitCode }: RunOutput = await husk.run("debian:12", ["id"], { memory: 64 << 20, signal: AbortSignal.timeout(1) });
const container: Container = husk.containers.get("x");
for await (const { stream, bytes } of container.logs({ follow: true })) console.log(stream, bytes.length, exitCode);
for await (const { Action } of husk.events()) console.log(Action, HuskError.name);
// @ts-expect-error: there is no such option
await husk.run("host", ["id"], { memmory: 1 });
`,
  );
  const { status, stdout } = await run(
    [
      ...[`${repository}/node_modules/.bin/tsc`, "--noEmit", "--strict", "--target", "es2024"],
      ...["--lib", "es2024,esnext.disposable", "--module", "nodenext", "--types", "node"],
      ...["--typeRoots", `${repository}/node_modules/@types`, "stranger.ts"],
    ],
    { cwd: place, timeout: 60_000 },
  );
  expect([status, stdout]).toEqual([0, ""]);
}

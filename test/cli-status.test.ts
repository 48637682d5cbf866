// Exit statuses, as docker's commands have them.
import { describe, expect, test } from "bun:test";
import { engine } from "./harness/index.ts";

const { husk } = engine();

/** What docker's client of version 28 says to the same mistakes. */
const MISTAKES: readonly (readonly [line: string, status: number])[] = [
  ["rm", 1],
  ["rm --bogus x", 125],
  ["rm nobody", 1],
  ["logs", 1],
  ["logs a b", 1],
  ["logs nobody", 1],
  ["volume create a b", 1],
  ["volume rm nobody", 1],
  ["volume inspect nobody", 1],
  ["ps --filter x", 125],
  ["ps --filter name", 125],
  ["ps x", 1],
  ["ps --format {{", 1],
  ["ps --last x", 125],
  ["ps --filter status=bogus", 1],
  ["ps --filter health=bogus", 1],
  ["ps --filter exited=x", 1],
  ["ps --filter publish=x", 1],
  ["events --since bogus", 1],
  ["run", 1],
  ["run --rm", 1],
  ["create", 1],
  ["explain", 125],
  ["run --memory lots host", 125],
  ["run --name", 125],
  ["run --restart foo host", 125],
  ["run --bogus host", 125],
  ["run host /no/such/program", 127],
  ["run host /etc/passwd", 126],
  ["container run host /no/such/program", 127],
  ["create --memory lots host", 125],
  ["create --name -x host true", 1],
  ["exec", 1],
  ["exec a", 1],
  ["exec --bogus a b", 125],
  ["exec nobody true", 1],
  ["stop -t x nobody", 125],
  ["stop nobody", 1],
  ["start nobody", 1],
  ["restart nobody", 1],
  ["pause nobody", 1],
  ["wait nobody", 1],
  ["kill nobody", 1],
  ["rename nobody", 1],
  ["rename nobody other", 1],
  ["update --memory x nobody", 125],
  ["update nobody", 1],
  ["inspect", 1],
  ["inspect nobody", 1],
  ["inspect --type foo x", 1],
  ["images a b", 1],
  ["rmi nobody", 1],
  ["tag nobody other", 1],
  ["history nobody", 1],
  ["save nobody", 1],
  ["pull A:B:C", 1],
  ["diff nobody", 1],
  ["port nobody", 1],
  ["top nobody", 1],
  ["stats nobody", 1],
  ["attach nobody", 1],
  ["info all", 1],
  ["system df --bogus", 125],
];

/** What husk has to say of commands that are not there: as of flags, where docker says 1. */
const OWN = [
  ["volume foo", 125],
  ["unknown", 125],
] as const;

describe.each([...MISTAKES, ...OWN])("husk %s", (line, wanted) => {
  test(`ends with ${wanted}, and one line on stderr`, async () => {
    const { status, stderr } = await husk(line.split(" "));
    expect([status, stderr.trimEnd().split("\n")]).toEqual([wanted, [expect.stringMatching(/^husk: ./)]]);
  });
});

test("exec: the program's own status, 126 and 127 as run", async () => {
  const { stdout } = await husk(["run", "-d", "host", "sleep", "100"]);
  const id = stdout.trim();
  const status = async (...words: string[]): Promise<number | null> =>
    (await husk(["exec", id, ...words])).status;
  expect(await status("sh", "-c", "exit 7")).toBe(7);
  expect(await status("sh", "-c", "kill -9 $$")).toBe(137);
  expect(await status("/no/such/program")).toBe(127);
  expect(await status("/etc/passwd")).toBe(126);
  for (const flags of [
    ["-w", "/nothing"],
    ["-w", "/etc/passwd"],
    ["-w", "relative"],
    ["-u", "nobody-there"],
  ])
    expect((await husk(["exec", ...flags, id, "true"])).status).toBe(126);
  await husk(["stop", "-t", "0", id]);
  expect(await status("true")).toBe(1);
  expect((await husk(["rm", id])).status).toBe(0);
});

test("start: a program that is not there is no answer of the program's", async () => {
  const id = (await husk(["create", "host", "/no/such/program"])).stdout.trim();
  expect((await husk(["start", id])).status).toBe(1);
  expect((await husk(["start", "-a", id])).status).toBe(1);
  expect((await husk(["inspect", "--format", "{{.State.ExitCode}}", id])).stdout).toBe("127\n");
});

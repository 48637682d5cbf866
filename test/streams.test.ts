// Standard input, output and errors are the caller's own: not a byte is lost, added, held back or taken too early.
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { engine, huskPath, type Result, shell, temporaryFile } from "./harness/index.ts";

const { root, run: runFolder } = engine();

/** A shell script in which `husk` is the one of this repository. */
function withHusk(script: string, ...values: readonly string[]): Promise<Result> {
  return shell(`husk() { ${huskPath} "$@"; }; ${script}`, values, {
    env: { HUSK_ROOT: root, HUSK_RUN: runFolder },
  });
}

const megabytes = 10;
const binary = temporaryFile("binary");
writeFileSync(
  binary,
  Uint8Array.from({ length: megabytes * 2 ** 20 }, (_, index) => (index * 2_654_435_761) >>> 13),
);
const digest = new Bun.CryptoHasher("sha256").update(readFileSync(binary)).digest("hex");

describe("every byte", () => {
  test.each([
    ["a file to a file", 'husk run -i host cat < "$1" > "$1.out"; sha256sum < "$1.out"'],
    ["a pipe to a pipe", 'cat "$1" | husk run -i host cat | sha256sum'],
    [
      "through a pipeline of containers",
      'husk run -i host cat < "$1" | husk run -i host cat | husk run -i host sha256sum',
    ],
    ["to stderr", 'husk run -i host sh -c "cat >&2" < "$1" 2>&1 | sha256sum'],
  ])("10 MB of anything: %s", async (_, script) => {
    expect((await withHusk(script, binary)).stdout).toBe(`${digest}  -\n`);
  });

  test("output is appended where the caller appends", async () => {
    const file = temporaryFile("log");
    await withHusk('echo first > "$1"; husk run host echo second >> "$1"; echo third >> "$1"', file);
    expect(readFileSync(file, "utf8")).toBe("first\nsecond\nthird\n");
  });

  test("input is read as far as the program reads it", async () => {
    const lines = "printf 'one\\ntwo\\nthree\\n'";
    const script = `${lines} | (husk run -i host sh -c 'read x; echo "in: $x"'; cat)`;
    expect((await withHusk(script)).stdout).toBe("in: one\ntwo\nthree\n");
    expect((await withHusk(`${lines} | (husk run host cat; cat)`)).stdout).toBe("one\ntwo\nthree\n");
  });
});

describe("the other end goes away", () => {
  test("output that is not read any more ends the program", async () => {
    const { stdout, milliseconds } = await withHusk("husk run --init host yes | head -n 1");
    expect(stdout).toBe("y\n");
    expect(milliseconds).toBeLessThan(3000);
  });

  test("the end of input ends the program, at once where there is none", async () => {
    expect((await withHusk("(sleep 0.2; echo late) | husk run -i host cat; echo $?")).stdout).toBe(
      "late\n0\n",
    );
    expect((await withHusk("husk run -i host cat < /dev/null; echo $?")).stdout).toBe("0\n");
  });

  test("output that a full device does not take is an error, and the log has it; husk's errors cannot harm", async () => {
    const { stdout, stderr } = await withHusk(
      "husk run --name full host echo lost > /dev/full || echo $?; husk logs full; husk rm full;" +
        "husk run host sh -c 'echo lost; exit 9' > /dev/full || echo $?; husk run no-such-image 2> /dev/full || echo $?",
    );
    expect(stdout).toBe("125\nlost\nfull\n9\n125\n");
    expect(stderr).toMatch(/^(husk: output was lost: no space left on device \(ENOSPC\)[^\n]*\n){2}$/);
  });

  test("closed descriptors do not become something else's", async () => {
    const script = (closed: string) =>
      `husk run host sh -c 'readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 > /tmp/x; cat /tmp/x' ${closed}`;
    expect((await withHusk(script("<&-"))).stdout).toMatch(/^\/dev\/null\n/);
    // What it writes there goes to the log.
    expect((await withHusk(script("2>&-"))).stdout).toMatch(/\npipe:\[\d+\]\n$/);
    expect(await withHusk(`${script(">&- 2>&- <&-")}; echo $?`)).toMatchObject({ stdout: "0\n", stderr: "" });
  });
});

test("the descriptors of the caller keep their flags", async () => {
  const flags = "grep -h flags /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2";
  const script = `echo typed | { { ${flags}; husk run -i host cat >&2; ${flags}; } 2>&1 | cat; }`;
  const lines = (await withHusk(script)).stdout.trim().split("\n");
  expect(lines[3]).toBe("typed");
  expect(lines.slice(4)).toEqual(lines.slice(0, 3));
});

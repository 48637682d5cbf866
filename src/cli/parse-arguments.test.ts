import { describe, expect, test } from "bun:test";
import type { Globals, Grammar } from "./grammar.ts";
import { parseArguments } from "./parse-arguments.ts";
import { errorLine } from "./report-error.ts";

const flags = `
-e --env list
-i --interactive
--ipc string private|host
--memory bytes
--name string
--rm
-t --tty
`;

interface Read {
  set: [string, string][];
  rest: string[];
  globals: Globals;
}

function parse(line: string[], options: { flagsFirst?: boolean } = {}): Read {
  const set: [string, string][] = [];
  const globals: Globals = { root: undefined, run: undefined, debug: false, help: false };
  const grammar: Grammar<typeof set> = {
    name: "run",
    flags,
    later: "\n-d --detach\n-p --publish list\n",
    set(target, flag, value) {
      target.push([flag, value]);
    },
    ...options,
  };
  return { rest: parseArguments(grammar, line, 0, set, globals), set, globals };
}

function failure(line: string[]): string {
  try {
    parse(line);
  } catch (error) {
    return errorLine(error);
  }
  return "no failure";
}

describe("docker's flag grammar", () => {
  test.each([
    [
      ["-it"],
      [
        ["interactive", "true"],
        ["tty", "true"],
      ],
    ],
    [
      ["-ite", "A=1"],
      [
        ["interactive", "true"],
        ["tty", "true"],
        ["env", "A=1"],
      ],
    ],
    [
      ["-iteA=1"],
      [
        ["interactive", "true"],
        ["tty", "true"],
        ["env", "A=1"],
      ],
    ],
    [["-e", "A=1"], [["env", "A=1"]]],
    [["-eA=1"], [["env", "A=1"]]],
    [["-e=A=1"], [["env", "A=1"]]],
    [["--env", "A=1"], [["env", "A=1"]]],
    [["--env=A=1"], [["env", "A=1"]]],
    [["--name="], [["name", ""]]],
    [["--name", "--rm"], [["name", "--rm"]]],
    [["-e", "-t"], [["env", "-t"]]],
    [["--rm=false"], [["rm", "false"]]],
    [["--rm=1"], [["rm", "true"]]],
    [["-t=F"], [["tty", "false"]]],
    [
      ["--name=a", "--name", "b"],
      [
        ["name", "a"],
        ["name", "b"],
      ],
    ],
  ] as [string[], [string, string][]][])("%j", (line, expected) => {
    expect(parse(line).set).toEqual(expected);
  });

  test("flags end at the first argument where the program's own begin", () => {
    const { set, rest } = parse(["--rm", "host", "ls", "--rm", "-t"], { flagsFirst: true });
    expect(set).toEqual([["rm", "true"]]);
    expect(rest).toEqual(["host", "ls", "--rm", "-t"]);
  });

  test("elsewhere flags may follow arguments, until --", () => {
    const { set, rest } = parse(["a", "--rm", "b", "--", "--tty"]);
    expect(set).toEqual([["rm", "true"]]);
    expect(rest).toEqual(["a", "b", "--tty"]);
  });

  test("a lone - is an argument", () => {
    expect(parse(["-", "--rm"]).rest).toEqual(["-"]);
  });

  test("global options stand among the command's", () => {
    const { globals, set } = parse(["--root", "/a", "--rm", "--run=/b", "--debug"]);
    expect(globals).toEqual({ root: "/a", run: "/b", debug: true, help: false });
    expect(set).toEqual([["rm", "true"]]);
  });

  test("-h is help where a command has no flag of that letter", () => {
    expect(parse(["-h"]).globals.help).toBe(true);
  });
});

describe("a mistake is one line that names it and the mend", () => {
  test.each([
    [["--intractive"], `unknown flag: --intractive — did you mean --interactive? see 'husk run --help'`],
    [["--memry=5"], `unknown flag: --memry — did you mean --memory? see 'husk run --help'`],
    [["--ruut", "/"], `unknown flag: --ruut — did you mean --root? see 'husk run --help'`],
    [["--zzzzzzz"], `unknown flag: --zzzzzzz — see 'husk run --help'`],
    [["--env list"], `unknown flag: --env list — see 'husk run --help'`],
    [["--rm\n-t"], `unknown flag: --rm -t — see 'husk run --help'`],
    [["---rm"], `unknown flag: ---rm — did you mean --rm? see 'husk run --help'`],
    [["-x"], `unknown shorthand flag: -x — see 'husk run --help'`],
    [["-itx"], `unknown shorthand flag: -x in -itx — see 'husk run --help'`],
    [["-\n"], `unknown shorthand flag: -  — see 'husk run --help'`],
    [["--name"], `flag needs an argument: --name — see 'husk run --help'`],
    [["-ie"], `flag needs an argument: -ie — see 'husk run --help'`],
    [["--rm=maybe"], `invalid value "maybe" for --rm — true or false`],
    [["-d"], `-d: not in this version of husk — see 'husk run --help'`],
    [["-itd"], `-d: not in this version of husk — see 'husk run --help'`],
    [["--publish=80:80"], `--publish: not in this version of husk — see 'husk run --help'`],
  ] as [string[], string][])("%j", (line, expected) => {
    expect(failure(line)).toBe(expected);
  });
});

test("a value that may be left out stands behind = or, in double brackets, behind the letter", () => {
  const set: [string, string][] = [];
  const globals: Globals = { root: undefined, run: undefined, debug: false, help: false };
  const grammar: Grammar<typeof set> = {
    name: "nsenter",
    flags: "\n-m --mount [file] file\n-u --uts [[file]] file\n-f --fork\n",
    flagsFirst: true,
    set(target, flag, value) {
      target.push([flag, value]);
    },
  };
  const line = ["--mount", "--mount=/x", "-mf", "-fm", "-u", "-u/y", "program", "-m"];
  expect(parseArguments(grammar, line, 0, set, globals)).toEqual(["program", "-m"]);
  expect(set.map(([flag, value]) => `${flag}=${value}`).join(" ")).toBe(
    "mount= mount=/x mount= fork=true fork=true mount= uts= uts=/y",
  );
});

// Runs the commands of docs/by-hand.md and writes down what they print.
//   npx bun scripts/record-by-hand.ts           writes the outputs into the document
//   npx bun scripts/record-by-hand.ts --check   compares them; numbers, times and sizes may differ. Exit status 1: they differ
//
// Commands stand in fenced blocks: ```console (as root), or ```console user (as the ordinary user husk-test). A line
// that begins with "$ " is a command, "> " continues it, what follows is its output. All blocks share a new folder,
// and husk's state is new too. Each block is one bash, so variables and jobs last to its end.
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findUser, userWithRanges } from "../test/harness/user.ts";

const repository = join(import.meta.dirname, "..");
const document = join(repository, "docs/by-hand.md");

interface Command {
  /** As it stands in the document, with prompts. */
  readonly shown: string;
  readonly text: string;
  readonly output: readonly string[];
}

interface Block {
  readonly asUser: boolean;
  readonly commands: readonly Command[];
}

/** Text between the blocks, and the blocks. */
type Part = string | Block;

function parse(text: string): Part[] {
  const parts: Part[] = [];
  let rest = text;
  for (;;) {
    const found = /^```console( user)?\n([^]*?)^```$/m.exec(rest);
    if (found === null) return [...parts, rest];
    parts.push(rest.slice(0, found.index), {
      asUser: found[1] !== undefined,
      commands: parseBlock(found[2]!),
    });
    rest = rest.slice(found.index + found[0].length);
  }
}

function parseBlock(text: string): Command[] {
  const commands: { shown: string; text: string; output: string[] }[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const last = commands.at(-1);
    if (line.startsWith("$ ")) commands.push({ shown: line, text: line.slice(2), output: [] });
    else if (last === undefined) throw new Error(`by-hand.md: a block begins with output: ${line}`);
    else if (line.startsWith("> ") && last.output.length === 0) {
      last.shown += `\n${line}`;
      last.text += `\n${line.slice(2)}`;
    } else last.output.push(line);
  }
  return commands;
}

function write(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      const lines = part.commands.flatMap(({ shown, output }) => [shown, ...output]);
      return `\`\`\`console${part.asUser ? " user" : ""}\n${lines.join("\n")}\n\`\`\``;
    })
    .join("");
}

/** Printed before the output of each command; no command prints it. */
const MARK = "\u0001next\u0001";

function runBlock(block: Block, folder: string): Block {
  const script = block.commands.map(({ text }) => `echo '${MARK}'\n${text}`).join("\n");
  const user = block.asUser ? findUser(userWithRanges) : undefined;
  if (block.asUser && user === undefined)
    throw new Error(`the user ${userWithRanges} is missing: run npm test once`);
  const home = user === undefined ? join(folder, "root") : join(folder, "user");
  const become =
    user === undefined ? [] : ["setpriv", "--reuid", user.name, "--regid", `${user.gid}`, "--init-groups"];
  const child = Bun.spawnSync([...become, "bash", "--norc", "-c", `exec 2>&1\n${script}`], {
    cwd: join(folder, "work"),
    env: {
      PATH: `${repository}/dist:/usr/sbin:/usr/bin:/sbin:/bin`,
      SHELL: "/bin/bash",
      HOME: home,
      HUSK_ROOT: join(home, "husk"),
      HUSK_RUN: join(home, "run"),
    },
    timeout: 60_000,
  });
  const outputs = child.stdout
    .toString()
    .replaceAll(folder, "/tmp")
    .replaceAll(`${repository}/dist`, "/opt/husk")
    .split(`${MARK}\n`)
    .slice(1);
  if (outputs.length !== block.commands.length)
    throw new Error(`a command ended its shell: ${block.commands[outputs.length - 1]?.text}`);
  const commands = block.commands.map((command, index) => ({ ...command, output: linesOf(outputs[index]!) }));
  return { ...block, commands };
}

function linesOf(output: string): string[] {
  const lines = output.split("\n").map((line) => line.trimEnd());
  while (lines.at(-1) === "") lines.pop();
  return lines;
}

/** What may differ from machine to machine: numbers, and bars and blanks as wide as they are. */
function comparable(lines: readonly string[]): string {
  return lines.map((line) => line.replace(/\d+(?:\.\d+)*/g, "0").replace(/[ █▏▎▍▌▋▊▉]+/g, " ")).join("\n");
}

function record(parts: readonly Part[]): Part[] {
  const folder = mkdtempSync(join(tmpdir(), "husk-by-hand-"));
  try {
    chmodSync(folder, 0o755);
    for (const name of ["root", "user", "work"]) mkdirSync(join(folder, name));
    chmodSync(join(folder, "work"), 0o1777);
    const user = findUser(userWithRanges);
    if (user !== undefined) chownSync(join(folder, "user"), user.uid, user.gid);
    return parts.map((part) => (typeof part === "string" ? part : runBlock(part, folder)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function differences(written: readonly Part[], recorded: readonly Part[]): string[] {
  const found: string[] = [];
  written.forEach((part, at) => {
    if (typeof part === "string") return;
    part.commands.forEach(({ text, output }, index) => {
      const now = (recorded[at] as Block).commands[index]!.output;
      if (comparable(output) !== comparable(now))
        found.push(`$ ${text}\nthe document says:\n${output.join("\n")}\nit prints:\n${now.join("\n")}`);
    });
  });
  return found;
}

const parts = parse(readFileSync(document, "utf8"));
const recorded = record(parts);
if (process.argv[2] === "--check") {
  const found = differences(parts, recorded);
  if (found.length > 0) console.error(`docs/by-hand.md is not what husk does:\n\n${found.join("\n\n")}`);
  process.exitCode = found.length > 0 ? 1 : 0;
} else writeFileSync(document, write(recorded));

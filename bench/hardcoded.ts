// The same calls as a plan, as a hard-coded C program against libc: what the keeper is measured against.
import { type Arg, errnos, type List, Memory, type Operation, type Plan, Result, syscallNumbers } from "../src/plan/index.ts";

/** C source of a program that makes the calls of `plan` in the same order, without any interpreter. */
export function hardcodedC(plan: Plan): string {
  const writer = new Writer();
  const main = writer.list(plan.keeper);
  const cleanup = writer.list(plan.cleanup);
  return `#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/sched.h>
static long *r;
static void fail(int line) { fprintf(stderr, "operation %d: %s\\n", line, strerror(errno)); _exit(125); }
${writer.declarations()}
int main(void) {
  r = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sigset_t all, none; sigfillset(&all); sigemptyset(&none); sigprocmask(SIG_SETMASK, &all, 0);
  int status = 0;
${writer.pointers()}
${main}
${cleanup}
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
`;
}

class Writer {
  readonly #memory: Memory[] = [];
  readonly #results = new Map<Result, number>();
  #line = 0;

  list(list: List): string {
    return list.steps.flatMap((step) => step.operations.map((operation) => this.#operation(operation))).join("\n");
  }

  declarations(): string {
    // Shared, as in the keeper: what one process stores another reads.
    return this.#memory.map((m, i) => `static unsigned char *m${i}; static const unsigned char c${i}[] = {${m.bytes.join(",") || 0}};`).join("\n");
  }

  pointers(): string {
    let text = "";
    // Memory that memory points to is met here for the first time.
    for (let i = 0; i < this.#memory.length; i++) {
      for (const { to } of (this.#memory[i] as Memory).pointers ?? []) if (to instanceof Memory) this.#index(to);
    }
    let total = 0;
    for (const m of this.#memory) total += (m.bytes.length + 7) & ~7;
    text += `  unsigned char *arena = mmap(0, ${total + 8}, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n`;
    this.#memory.forEach((m, i) => {
      text += `  m${i} = arena; arena += ${(m.bytes.length + 7) & ~7}; memcpy(m${i}, c${i}, ${m.bytes.length});\n`;
    });
    this.#memory.forEach((m, i) => {
      for (const { at, to, offset } of m.pointers ?? []) {
        const target = to instanceof Memory ? `m${this.#index(to)} + ${offset}` : JSON.stringify(to);
        text += `  *(const void **)(m${i} + ${at}) = ${target};\n`;
      }
    });
    return text;
  }

  #index(memory: Memory): number {
    const known = this.#memory.indexOf(memory);
    return known >= 0 ? known : this.#memory.push(memory) - 1;
  }

  #result(result: Result): string {
    let index = this.#results.get(result);
    if (index === undefined) {
      index = this.#results.size;
      this.#results.set(result, index);
    }
    return `r[${index}]`;
  }

  #argument(arg: Arg): string {
    if (arg === null) return "0L";
    if (typeof arg === "number" || typeof arg === "bigint") return `${arg}L`;
    if (typeof arg === "string") return JSON.stringify(arg);
    if (arg instanceof Memory) return `m${this.#index(arg)}`;
    if (arg instanceof Uint8Array) return `m${this.#index(new Memory(arg))}`;
    return this.#result(arg);
  }

  #operation(operation: Operation): string {
    const line = ++this.#line;
    switch (operation.kind) {
      case "call": {
        const number = syscallNumbers.x86_64[operation.name];
        const args = operation.args.map((arg) => this.#argument(arg));
        const result = this.#result(operation);
        const accepted = (operation.accepted ?? []).map((name) => `errno != ${errnos[name]}`);
        const failed = [`${result} == -1`, ...accepted].join(" && ");
        return `  ${result} = syscall(${[number, ...args].join(", ")}); if (${failed}) fail(${line});`;
      }
      case "store": {
        const cell = `m${this.#index(operation.memory)} + ${operation.offset}`;
        if (operation.as === "decimal") return `  sprintf((char *)${cell}, "%ld", ${this.#result(operation.from)});`;
        const type = operation.as === "u64" ? "uint64_t" : "uint32_t";
        return `  *(${type} *)(${cell}) = ${this.#result(operation.from)};`;
      }
      case "load":
        return `  ${this.#result(operation)} = *(int32_t *)(m${this.#index(operation.memory)} + ${operation.offset});`;
      case "check":
        return `  if ((*(uint32_t *)(m${this.#index(operation.memory)} + ${operation.offset}) & ${operation.mask}u) != ${operation.value}u) fail(${line});`;
      case "when": {
        const body = operation.body.map((inner) => this.#operation(inner)).join("\n");
        return `  if ((${this.#result(operation.on)} < 0) == ${operation.condition === "failed" ? 1 : 0}) {\n${body}\n  }`;
      }
      case "clone":
        return `  ${this.#result(operation)} = syscall(SYS_clone3, m${this.#index(operation.args)}, 88L);
  if (${this.#result(operation)} < 0) fail(${line});
  if (${this.#result(operation)} == 0) {\n${this.list(operation.list)}\n    _exit(0);\n  }`;
      case "wait":
        return `  waitpid(${this.#result(operation.pid)}, &status, 0);`;
      case "exec": {
        const array = (name: string, words: readonly (string | Memory)[]): string =>
          `char *${name}[] = {${[...words.map((w) => JSON.stringify(w)), "0"].join(", ")}};`;
        const tries = operation.paths.map((path) => `execve(${JSON.stringify(path)}, argv, env);`).join(" ");
        return `  { ${array("argv", operation.argv)} ${array("env", operation.env)} sigprocmask(SIG_SETMASK, &none, 0); syscall(SYS_close_range, 3, ~0u, 4); ${tries} fail(${line}); }`;
      }
      case "keep":
        return `  while (waitpid(${this.#result(operation.options.pid)}, &status, 0) < 0 && errno == EINTR);`;
      case "init":
      case "kill-all":
        return `  /* ${operation.kind}: not part of this measurement */`;
    }
  }
}

// The same calls as a plan, as a hard-coded C program against libc: what the keeper is measured against.
import {
  type Arg,
  errnos,
  type List,
  Memory,
  type Operation,
  type Plan,
  type Result,
  syscallNumbers,
} from "../src/plan/index.ts";

/** C source of a program that makes the calls of `plan` in the same order, without any interpreter. */
export function hardcodedC(plan: Plan): string {
  const writer = new Writer();
  const main = writer.list(plan.keeper);
  const cleanup = writer.list(plan.cleanup, false);
  return `#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/sched.h>
static long *r;
static int status;
static void fail(int line, long result) { fprintf(stderr, "operation %d: %s\\n", line, strerror(-result)); _exit(125); }
static inline long call(long nr, long a, long b, long c, long d, long e, long f)
{
  long result;
  do result = syscall(nr, a, b, c, d, e, f); while (result == -1 && errno == EINTR);
  return result == -1 ? -errno : result;
}
static long retrying(long milliseconds, long nr, long a, long b, long c, long d, long e, long f)
{
  for (long result;; milliseconds--) {
    result = call(nr, a, b, c, d, e, f);
    if ((result != -EBUSY && result != -EAGAIN) || milliseconds <= 0) return result;
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
}
static void keep(pid_t pid)
{
  sigset_t all;
  sigfillset(&all);
  struct pollfd polls[2] = {
    {.fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN},
    {.fd = syscall(SYS_signalfd4, -1, &all, 8, 02004000), .events = POLLIN},
  };
  while (ppoll(polls, 2, NULL, NULL) < 0 || !polls[0].revents);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR);
}
static void execute(char **paths, char **argv, char **env)
{
  sigset_t none;
  sigemptyset(&none);
  for (int i = 1; i <= 64; i++) signal(i, SIG_DFL);
  sigprocmask(SIG_SETMASK, &none, NULL);
  close_range(3, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */);
  for (; *paths; paths++) execve(*paths, argv, env);
}
${writer.declarations()}
int main(void)
{
  r = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
${writer.pointers()}
${main}
${cleanup}
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
`;
}

/** As C writes a string: JSON's escapes above ASCII and for control characters are not C's. */
function literal(text: string): string {
  let out = '"';
  for (const byte of new TextEncoder().encode(text)) {
    out +=
      byte < 32 || byte > 126 || byte === 34 || byte === 63 || byte === 92
        ? `\\${byte.toString(8).padStart(3, "0")}`
        : String.fromCharCode(byte);
  }
  return `${out}"`;
}

class Writer {
  readonly #memory: Memory[] = [];
  readonly #results = new Map<Result, number>();
  #line = 0;

  /** The operations of a list; where failures do not `count`, the next one follows. */
  list(list: List, count = true): string {
    return list.steps
      .flatMap((step) => step.operations.map((operation) => this.#operation(operation, count)))
      .join("\n");
  }

  declarations(): string {
    // Shared, as in the keeper: what one process stores another reads.
    return this.#memory
      .map(
        (m, i) =>
          `static unsigned char *m${i}; static const unsigned char c${i}[] = {${m.bytes.join(",") || 0}};`,
      )
      .join("\n");
  }

  pointers(): string {
    let text = "";
    // Memory that memory points to is met here for the first time.
    for (let i = 0; i < this.#memory.length; i++) {
      for (const { to } of (this.#memory[i] as Memory).pointers ?? [])
        if (to instanceof Memory) this.#index(to);
    }
    let total = 0;
    for (const m of this.#memory) total += (m.bytes.length + 7) & ~7;
    text += `  unsigned char *arena = mmap(0, ${total + 8}, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n`;
    this.#memory.forEach((m, i) => {
      text += `  m${i} = arena; arena += ${(m.bytes.length + 7) & ~7}; memcpy(m${i}, c${i}, ${m.bytes.length});\n`;
    });
    this.#memory.forEach((m, i) => {
      for (const { at, to, offset } of m.pointers ?? []) {
        const target = to instanceof Memory ? `m${this.#index(to)} + ${offset}` : literal(to);
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
    if (arg === null) return "0";
    if (typeof arg === "number" || typeof arg === "bigint") return `${arg}`;
    if (typeof arg === "string") return literal(arg);
    if (arg instanceof Memory) return `m${this.#index(arg)}`;
    if (arg instanceof Uint8Array) return `m${this.#index(new Memory(arg))}`;
    return this.#result(arg);
  }

  #operation(operation: Operation, count: boolean): string {
    const line = ++this.#line;
    const failure = (condition: string, result: string): string =>
      count ? ` if (${condition}) fail(${line}, ${result});` : "";
    switch (operation.kind) {
      case "call": {
        const { name, args, accepted = [], expected, retryMilliseconds } = operation;
        const words = [syscallNumbers.x86_64[name], ...args.map((arg) => `(long)(${this.#argument(arg)})`)];
        while (words.length < 7) words.push(0);
        const result = this.#result(operation);
        const made =
          retryMilliseconds > 0
            ? `retrying(${retryMilliseconds}, ${words.join(", ")})`
            : `call(${words.join(", ")})`;
        const failed = [`${result} < 0`, ...accepted.map((errno) => `${result} != ${-errnos[errno]}`)];
        const wrong = expected === undefined ? "" : failure(`${result} != ${expected}`, "-EIO");
        return `  ${result} = ${made};${failure(failed.join(" && "), result)}${wrong}`;
      }
      case "store": {
        const cell = `m${this.#index(operation.memory)} + ${operation.offset}`;
        const from = this.#result(operation.from);
        if (operation.as === "decimal")
          return `  ${this.#result(operation)} = sprintf((char *)${cell}, "%ld", ${from});`;
        return `  *(${operation.as === "u64" ? "uint64_t" : "uint32_t"} *)(${cell}) = ${from};`;
      }
      case "load": {
        if (operation.as === "decimal")
          return `  ${this.#result(operation)} = atol((char *)m${this.#index(operation.memory)} + ${operation.offset});`;
        const type = { i32: "int32_t", u32: "uint32_t", u64: "uint64_t" }[operation.as];
        return `  ${this.#result(operation)} = *(${type} *)(m${this.#index(operation.memory)} + ${operation.offset});`;
      }
      case "check": {
        const { memory, offset, as, mask, value, errno } = operation;
        const cell = `*(${as === "u64" ? "uint64_t" : "uint32_t"} *)(m${this.#index(memory)} + ${offset})`;
        const why = errno === "memory" ? `-(long)${cell}` : `${-errnos[errno]}`;
        return ` ${failure(`(${cell} & ${mask >>> 0}u) != ${value >>> 0}u`, why)}`;
      }
      case "when": {
        const body = operation.body.map((inner) => this.#operation(inner, count)).join("\n");
        const sign = operation.condition === "failed" ? "< 0" : ">= 0";
        return `  if (${this.#result(operation.on)} ${sign}) {\n${body}\n  }`;
      }
      case "clone": {
        const pid = this.#result(operation);
        return `  ${pid} = call(SYS_clone3, (long)m${this.#index(operation.args)}, 88, 0, 0, 0, 0);${failure(`${pid} < 0`, pid)}
  if (${pid} == 0) {\n${this.list(operation.list)}\n    _exit(0);\n  }`;
      }
      case "wait":
        return `  waitpid(${this.#result(operation.pid)}, &status, 0);${failure("status", "-ECHILD")}`;
      case "exec": {
        const array = (words: readonly (string | Memory)[]): string =>
          `(char *[]){${[...words.map((word) => this.#argument(word)), "0"].join(", ")}}`;
        return `  execute(${array(operation.paths)}, ${array(operation.argv)}, ${array(operation.env)}); fail(${line}, -errno);`;
      }
      case "keep":
        return `  keep(${this.#result(operation.options.pid)});`;
      case "init":
      case "kill-all":
        throw new Error(`a plan with "${operation.kind}" is not for this comparison`);
    }
  }
}

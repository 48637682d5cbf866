import { expect, test } from "bun:test";
import { DETACH_KEYS } from "../../engine/attach/detach-keys.ts";
import { parseDetachKeys, scanForKeys } from "./detach-keys.ts";

test.each([
  ["ctrl-p,ctrl-q", [16, 17]],
  ["ctrl-@", [0]],
  ["CTRL-a,b,ctrl-\\", [1, 98, 28]],
  ["ctrl-[", [27]],
  ["", [16, 17]],
])("%s", (text, bytes) => expect([...parseDetachKeys("detach-keys", text)]).toEqual(bytes));

test.each(["ctrl-", "ctrl-pq", "ab", "a,,b", "ctrl-1"])("%s is no sequence", (text) =>
  expect(() => parseDetachKeys("detach-keys", text)).toThrow("--detach-keys"),
);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const feedAll = (parts: string[], keys = DETACH_KEYS): string => {
  const scan = scanForKeys(keys);
  let text = "";
  for (const part of parts) {
    const { passed, detached } = scan.feed(bytes(part));
    text += new TextDecoder().decode(passed);
    if (detached) return `${text}!`;
  }
  return text;
};

test("everything else is passed on, also what only begins like the keys", () => {
  expect(feedAll(["abc", "\u0010x", "\u0010\u0010x"])).toBe("abc\u0010x\u0010\u0010x");
  expect(feedAll(["ls\r\u0010\u0011rest"])).toBe("ls\r!");
  expect(feedAll(["\u0010", "\u0011"])).toBe("!");
  expect(feedAll(["\u0010\u0010\u0011"])).toBe("\u0010!");
});

import { expect, test } from "bun:test";
import { readShebang } from "./script.ts";

const read = (line: string) => readShebang(Buffer.from(`${line}\nrest`));

test.each([
  ["#!/bin/sh", "/bin/sh", undefined],
  ["#! /bin/sh -e", "/bin/sh", undefined],
  ["#!\t/usr/bin/python3\t-u", "/usr/bin/python3", undefined],
  ["#!/usr/bin/env python3", "/usr/bin/env", "python3"],
  ["#!/usr/bin/env -S python3 -u", "/usr/bin/env", "python3"],
  ["#!/usr/bin/env -vS A=b -u HOME -i perl -w", "/usr/bin/env", "perl"],
  ["#!/usr/bin/env --split-string=node --flag", "/usr/bin/env", "node"],
  ["#!/usr/bin/env", "/usr/bin/env", undefined],
  ["#!/opt/myenv tool", "/opt/myenv", undefined],
] as const)("%s", (line, interpreter, throughEnv) => {
  expect(read(line)).toEqual({ interpreter, throughEnv });
});

test("what is no script is none", () => {
  expect(readShebang(Buffer.from("\x7fELF"))).toBeUndefined();
  expect(readShebang(new Uint8Array())).toBeUndefined();
});

// A registry's double with an image in it, and what a whole pull of that leaves.
import { afterAll, beforeEach, expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { type Pulled, pullImage, type PullOptions } from "../src/image/pull/index.ts";
import { parseReference } from "../src/image/reference.ts";
import { findLayer, hasBlob, type ImageStore, openImageStore } from "../src/image/store/index.ts";
import { temporaryFolder } from "./harness/index.ts";
import {
  type DoubleRegistry,
  type MadeImage,
  makeImage,
  pullOptions,
  startDouble,
} from "./image-registry.ts";

export const big = randomBytes(400_000).toString("base64");
export const image = makeImage([
  [{ name: "base", content: big }, { name: "d/" }, { name: "d/x", content: "lower" }],
  [{ name: "d/.wh.x" }, { name: "top", content: "two" }],
]);

/** Pulls an image of the double. */
export type Pull = (store: ImageStore, changes?: Partial<PullOptions>, name?: string) => Promise<Pulled>;

/** A double for the tests of one file, without mischief before each, that has the image as `team/app:1`. */
export function doubleWithImage(): { double: DoubleRegistry; pull: Pull } {
  const double = startDouble();
  double.add("team/app", "1", image);
  afterAll(() => double.stop());
  beforeEach(() => {
    double.mischief = () => undefined;
    double.requests.length = 0;
  });
  const pull: Pull = (store, changes = {}, name = "team/app:1") =>
    pullImage(store, parseReference(`${double.host}/${name}`), pullOptions(changes));
  return { double, pull };
}

export const newStore = (): ImageStore => openImageStore(temporaryFolder("store", 0o700));

export function expectWhole(store: ImageStore, made: MadeImage = image): void {
  for (const digest of [made.digest, ...made.blobs.keys()]) expect(hasBlob(store, digest), digest).toBe(true);
  for (const diffId of made.diffIds) expect(findLayer(store, diffId)).toBeDefined();
  expect(readdirSync(store.downloads)).toEqual([]);
  expect(readdirSync(store.layers).length).toBe(made.diffIds.length);
}

export const isBlob = (url: URL) => url.pathname.includes("/blobs/");

/** A registry's error, whose words would steer a terminal. */
export const refusal = (code: string, status: number, headers = {}) =>
  Response.json({ errors: [{ code, message: "so it is\x1b[31m" }] }, { status, headers });

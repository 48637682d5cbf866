import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { familiarReference, formatReference, isDigest, manifestName, parseReference } from "./reference.ts";

const sha = `sha256:${"0123456789abcdef".repeat(4)}`;

/** Cases of reference_test.go and normalize_test.go of github.com/distribution/reference. */
const whole: readonly [text: string, formatted: string][] = [
  ["debian", "docker.io/library/debian:latest"],
  ["debian:bookworm", "docker.io/library/debian:bookworm"],
  ["library/debian", "docker.io/library/debian:latest"],
  ["docker.io/debian", "docker.io/library/debian:latest"],
  ["docker.io/library/debian", "docker.io/library/debian:latest"],
  ["index.docker.io/debian", "docker.io/library/debian:latest"],
  ["private.example/foo", "private.example/foo:latest"],
  ["team/app", "docker.io/team/app:latest"],
  ["team/app/web", "docker.io/team/app/web:latest"],
  ["localhost/app", "localhost/app:latest"],
  ["localhost:5000/app:1.0", "localhost:5000/app:1.0"],
  ["LOCALHOST/app", "LOCALHOST/app:latest"],
  ["127.0.0.1:5000/app", "127.0.0.1:5000/app:latest"],
  ["[::1]:5000/app", "[::1]:5000/app:latest"],
  ["[2001:db8::1]/app", "[2001:db8::1]/app:latest"],
  ["test.com:tag", "docker.io/library/test.com:tag"],
  ["test:5000/repo", "test:5000/repo:latest"],
  ["test:5000/repo:tag", "test:5000/repo:tag"],
  [`test:5000/repo@${sha}`, `test:5000/repo@${sha}`],
  [`test:5000/repo:tag@${sha}`, `test:5000/repo:tag@${sha}`],
  ["xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com/myimage:xn--n3h.com"],
  ["sub-dom1.foo.com/bar/baz/quux", "sub-dom1.foo.com/bar/baz/quux:latest"],
  ["foo/foo_bar.com:8080", "docker.io/foo/foo_bar.com:8080"],
  ["a__b/c--d/e.f", "docker.io/a__b/c--d/e.f:latest"],
  ["docker.io/library/host", "docker.io/library/host:latest"],
  ["team/host", "docker.io/team/host:latest"],
];

const broken: readonly [text: string, why: RegExp][] = [
  ["", /repository/],
  ["host", /this machine/],
  [":tag", /repository/],
  [`@${sha}`, /repository/],
  ["repo@sha256:ffff", /no digest/],
  [`repo@sha256:${"f".repeat(34)}`, /64 digits/],
  [`repo@sha256:${"F".repeat(64)}`, /64 digits/],
  [`validname@invaliddigest:${"f".repeat(128)}`, /cannot verify/],
  ["Uppercase:tag", /capital letters/],
  ["test:5000/Uppercase/lowercase:tag", /capital letters/],
  ["aa/asdf$$^/aa", /repository/],
  ["a//b", /repository/],
  ["a/b/", /repository/],
  ["/a/b", /repository/],
  ["-test", /repository/],
  ["a...b", /repository/],
  ["a_-b", /repository/],
  ["foo_bar.com:8080/x", /host name/],
  ["repo:", /tag/],
  ["repo:-x", /tag/],
  [`repo:${"x".repeat(129)}`, /tag/],
  ["[fe80::1%25eth0]:5000/app", /host name/],
  ["foo.-bar.com/x", /host name/],
  [`${"a/".repeat(128)}a:tag`, /255/],
  ["f".repeat(64).replaceAll("f", "a"), /image's id/],
  ["repo:tag:more", /tag/],
  ["dëbian", /repository/],
];

describe("references", () => {
  for (const [text, formatted] of whole)
    test(text, () => {
      const reference = parseReference(text);
      expect(formatReference(reference)).toBe(formatted);
      expect(parseReference(formatted)).toEqual(reference);
      expect(parseReference(familiarReference(reference))).toEqual(reference);
    });
  for (const [text, why] of broken)
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () =>
      expect(() => parseReference(text)).toThrow(why));

  test("familiar forms are short", () => {
    const short = (text: string) => familiarReference(parseReference(text));
    expect(short("docker.io/library/debian:12")).toBe("debian:12");
    expect(short("docker.io/team/app")).toBe("team/app:latest");
    expect(short("docker.io/library/host")).toBe("library/host:latest");
    expect(short("docker.io/localhost/app")).toBe("docker.io/localhost/app:latest");
  });

  test("a digest says what is meant", () => {
    expect(manifestName(parseReference(`debian:12@${sha}`))).toBe(sha);
    expect(manifestName(parseReference("debian"))).toBe("latest");
    expect(parseReference(`debian@${sha}`).tag).toBeUndefined();
    expect([isDigest(sha), isDigest("sha256:12"), isDigest(`${sha}:`)]).toEqual([true, false, false]);
  });

  test("whatever is accepted stays the same when written and read again", () => {
    const part = fc.stringMatching(/^[a-z0-9A-Z._:/@[\]-]{1,20}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        let reference;
        try {
          reference = parseReference(parts.join("/"));
        } catch {
          return;
        }
        expect(parseReference(formatReference(reference))).toEqual(reference);
        expect(parseReference(familiarReference(reference))).toEqual(reference);
      }),
      { numRuns: 2000 },
    );
  });
});

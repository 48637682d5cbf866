import { expect, test } from "bun:test";
import type { RunConfig } from "../oci.ts";
import { applyChanges } from "./change.ts";

const changed = (...changes: string[]): RunConfig => applyChanges({}, changes);

test("commands: JSON is the words, other text is for the shell", () => {
  expect(changed('CMD ["sh", "-c", "date"]').Cmd).toEqual(["sh", "-c", "date"]);
  expect(changed("cmd echo $HOME").Cmd).toEqual(["/bin/sh", "-c", "echo $HOME"]);
  expect(changed('SHELL ["/bin/bash", "-c"]', "ENTRYPOINT date").Entrypoint).toEqual([
    "/bin/bash",
    "-c",
    "date",
  ]);
  expect(applyChanges({ Cmd: ["x"] }, ["CMD []"]).Cmd).toEqual([]);
  expect(applyChanges({ Entrypoint: ["x"] }, ["ENTRYPOINT"]).Entrypoint).toEqual([]);
});

test("variables and labels: added, replaced, quoted", () => {
  const base = { Env: ["PATH=/bin", "A=0"], Labels: { old: "1" } };
  expect(applyChanges(base, [`ENV A=1 B="two words" C='it''s' D=a\\ b`]).Env).toEqual([
    "PATH=/bin",
    "A=1",
    "B=two words",
    "C=its",
    "D=a b",
  ]);
  expect(changed("ENV KEY some value").Env).toEqual(["KEY=some value"]);
  expect(applyChanges(base, ['LABEL a.b="c d" e=']).Labels).toEqual({ old: "1", "a.b": "c d", e: "" });
  expect(base.Env).toEqual(["PATH=/bin", "A=0"]);
});

test("ports, volumes, user, folder, signal", () => {
  expect(changed("EXPOSE 80 53/udp 8000-8002/TCP").ExposedPorts).toEqual({
    "80/tcp": {},
    "53/udp": {},
    "8000/tcp": {},
    "8001/tcp": {},
    "8002/tcp": {},
  });
  expect(changed('VOLUME ["/a b"]', "VOLUME /c /d").Volumes).toEqual({ "/a b": {}, "/c": {}, "/d": {} });
  expect(changed("USER me:us", "WORKDIR /a", "WORKDIR b/../c", "STOPSIGNAL SIGINT")).toMatchObject({
    User: "me:us",
    WorkingDir: "/a/c",
    StopSignal: "SIGINT",
  });
  expect(changed("ONBUILD RUN x", "ONBUILD RUN y").OnBuild).toEqual(["RUN x", "RUN y"]);
});

test("health checks", () => {
  expect(
    changed("HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD curl -f localhost").Healthcheck,
  ).toEqual({
    Test: ["CMD-SHELL", "curl -f localhost"],
    Interval: 90e9,
    Timeout: 5e8,
    Retries: 3,
  });
  expect(changed('HEALTHCHECK CMD ["true"]').Healthcheck).toEqual({ Test: ["CMD", "true"] });
  expect(changed("HEALTHCHECK NONE").Healthcheck).toEqual({ Test: ["NONE"] });
});

test.each([
  ["RUN make", '"RUN" is no instruction that can be given here'],
  ["", '"" is no instruction that can be given here'],
  ["ENV", "ENV needs an argument"],
  ["ENV A", "A has no value"],
  ["ENV =x", '"=x" is no KEY=value'],
  ['ENV A="x', 'a " is not closed'],
  ["EXPOSE 0", "0 is no port"],
  ["EXPOSE 90000", "90000 is no port"],
  ["EXPOSE 90-80", "90-80 is no port"],
  ["SHELL bash", "SHELL takes JSON"],
  ["HEALTHCHECK true", "HEALTHCHECK is NONE, or CMD and a command"],
  ["HEALTHCHECK --color=x CMD true", "--color=x is no flag"],
  ["HEALTHCHECK --interval=soon CMD true", "soon is no time"],
])("%j is refused", (change, why) => {
  expect(() => changed(change)).toThrow(why);
});

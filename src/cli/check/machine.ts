import { readFileSync, statSync } from "node:fs";

/** What the checks look at. A machine of a test answers from a table. */
export interface Machine {
  /** Text of a small file; undefined if there is none or it may not be read. */
  read(path: string): string | undefined;
  /** Mode and owner of a file; undefined if there is none. */
  stat(path: string): { readonly mode: number; readonly uid: number } | undefined;
  readonly uid: number;
  readonly gid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The machine husk runs on. */
export function thisMachine(): Machine {
  return {
    read(path) {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return undefined;
      }
    },
    stat(path) {
      try {
        const { mode, uid } = statSync(path);
        return { mode, uid };
      } catch {
        return undefined;
      }
    },
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    env: process.env,
  };
}

/** One thing looked at. */
export interface Finding {
  /** What it is about: `openat2`, `user namespace`. */
  readonly subject: string;
  /** `yes`: there. `limited`: missing, and only what `detail` names needs it. `no`: no container without it. */
  readonly state: "yes" | "limited" | "no";
  /** What was found, or what needs it. */
  readonly detail: string;
  /** How to get it, where it is missing. */
  readonly mend?: string;
}

/** Findings of one subject area. */
export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

export function yes(subject: string, detail = ""): Finding {
  return { subject, state: "yes", detail };
}

export function limited(subject: string, detail: string, mend: string): Finding {
  return { subject, state: "limited", detail, mend };
}

export function no(subject: string, detail: string, mend: string): Finding {
  return { subject, state: "no", detail, mend };
}

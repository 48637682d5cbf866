/** What a registry wants before it answers (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In small letters: `basic`, `bearer`. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;

/** Reads a WWW-Authenticate header, which may hold several challenges; what is malformed ends it. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;
  const spaces = (): void => {
    while (header[at] === " " || header[at] === "\t" || header[at] === ",") at++;
  };
  const word = (): string | undefined => {
    token.lastIndex = at;
    const match = token.exec(header);
    if (match === null) return undefined;
    at = token.lastIndex;
    return match[0];
  };
  let parameters = new Map<string, string>();
  for (;;) {
    spaces();
    const name = word();
    if (name === undefined) return challenges;
    const before = at;
    while (header[at] === " ") at++;
    if (header[at] !== "=") {
      at = before;
      parameters = new Map();
      challenges.push({ scheme: name.toLowerCase(), parameters });
      continue;
    }
    at++;
    while (header[at] === " ") at++;
    let value: string | undefined;
    if (header[at] === '"') {
      value = "";
      for (at++; at < header.length && header[at] !== '"'; at++) {
        if (header[at] === "\\") at++;
        value += header[at] ?? "";
      }
      at++;
    } else value = word();
    if (value === undefined) return challenges;
    parameters.set(name.toLowerCase(), value);
  }
}

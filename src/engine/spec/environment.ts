const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What the environment consists of besides the user's own variables. */
export interface EnvironmentFacts {
  readonly hostname: string;
  readonly terminal: boolean;
  readonly home: string;
  /** husk's own environment, for a name without "=". */
  readonly caller: Readonly<Record<string, string | undefined>>;
}

/**
 * The program's environment, as docker builds it: PATH, HOSTNAME and TERM, then the user's
 * variables, each replacing an earlier one of that name; HOME if nobody set it.
 *
 * A name without "=" takes the caller's value; a name the caller does not have is removed.
 */
export function environment(wanted: readonly string[], facts: EnvironmentFacts): string[] {
  const env = [PATH, `HOSTNAME=${facts.hostname}`];
  if (facts.terminal) env.push("TERM=xterm");
  setVariables(env, wanted, facts.caller);
  if (placeOf(env, "HOME=") < 0) env.push(`HOME=${facts.home}`);
  return env;
}

/** Sets variables in `env` and returns it; see {@link environment}. */
export function setVariables(
  env: string[],
  wanted: readonly string[],
  caller: EnvironmentFacts["caller"],
): string[] {
  for (const entry of wanted) {
    if (entry.includes("=")) {
      setVariable(env, entry);
      continue;
    }
    const value = caller[entry];
    if (value === undefined) removeVariable(env, entry);
    else setVariable(env, `${entry}=${value}`);
  }
  return env;
}

function setVariable(env: string[], entry: string): void {
  const at = placeOf(env, entry.slice(0, entry.indexOf("=") + 1));
  if (at < 0) env.push(entry);
  else env[at] = entry;
}

function removeVariable(env: string[], name: string): void {
  const at = placeOf(env, `${name}=`);
  if (at >= 0) env.splice(at, 1);
}

function placeOf(env: readonly string[], start: string): number {
  for (let i = 0; i < env.length; i++) if ((env[i] as string).startsWith(start)) return i;
  return -1;
}

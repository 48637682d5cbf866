const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** PATH of an environment; husk's default (docker's) if there is none. */
export function searchPath(env: readonly string[]): string {
  let path = DEFAULT_PATH;
  for (const entry of env) if (entry.startsWith("PATH=")) path = entry.slice(5);
  return path;
}

/** Where a program may be, in the order execvp(3) tries. A name with a slash is a path already. */
export function programPaths(name: string, env: readonly string[]): string[] {
  if (name.includes("/")) return [name];
  const paths: string[] = [];
  for (const folder of searchPath(env).split(":")) paths.push(folder === "" ? name : `${folder}/${name}`);
  return paths;
}

/** What of an engine a command's arguments name. */
export type NameKind = "containers" | "running" | "images" | "volumes" | "things";

const KINDS: Readonly<Record<NameKind, string>> = {
  containers: "apply commit cp diff export fork logs port rename restart rm start unpause update",
  running: "attach exec kill pause stats stop top wait",
  images: "history push rmi save tag",
  volumes: "",
  things: "inspect",
};

/** Of families, where the bare command is of another kind, or of none. */
const OF_FAMILY: Readonly<Record<string, NameKind>> = {
  "container inspect": "containers",
  "container remove": "containers",
  "image inspect": "images",
  "image remove": "images",
  "image rm": "images",
  "volume inspect": "volumes",
  "volume remove": "volumes",
  "volume rm": "volumes",
};

/** What a command's arguments name; undefined: nothing of the engine's. */
export function nameKind(command: string): NameKind | undefined {
  const own = OF_FAMILY[command];
  if (own !== undefined) return own;
  const [family = "", name = family, more] = command.split(" ");
  if (more !== undefined || (name !== family && family !== "container" && family !== "image"))
    return undefined;
  const found = (Object.keys(KINDS) as NameKind[]).find((kind) => ` ${KINDS[kind]} `.includes(` ${name} `));
  const isImages = found === "images";
  return family === name || (family === "image") === isImages ? found : undefined;
}

/** The shell's commands that list names of a kind, a line each; `husk` stands for the program with its folders. */
export function namesCommands(kind: NameKind, husk: string): string {
  const containers = `${husk} ps -a --format '{{.Names}}'`;
  const images = `${husk} images --format '{{.Repository}}:{{.Tag}}' | grep -v '<none>'`;
  const volumes = `${husk} volume ls -q`;
  switch (kind) {
    case "containers":
      return containers;
    case "running":
      return `${husk} ps --format '{{.Names}}'`;
    case "images":
      return images;
    case "volumes":
      return volumes;
    case "things":
      return [containers, images, volumes].join("; ");
  }
}

export const NAME_KINDS = Object.keys(KINDS) as NameKind[];

import { lifeArguments } from "../each-container.ts";
import { homeOf } from "../home.ts";
import type { Globals } from "../grammar.ts";
import { printHelp } from "../print-help.ts";

/** `husk system unit`: a unit of systemd's (systemd.service(5)) that does `husk start --all` after a reboot, and `stop --all` before. */
export async function systemUnit(argv: readonly string[], from: number, globals: Globals): Promise<number> {
  const given = lifeArguments("system unit", argv, from, globals, [0, 0]);
  if (given === undefined) return printHelp(["system", "unit"]);
  const { husk, folders } = homeOf(globals);
  const isRoot = process.geteuid?.() === 0;
  const command = [...husk, "--root", folders.root, "--run", folders.run].map(unitWord).join(" ");
  console.log(`[Unit]
Description=husk's containers, as their restart policies want them
After=${isRoot ? "network-online.target local-fs.target" : "default.target"}
${isRoot ? "Wants=network-online.target\n" : ""}
[Service]
Type=oneshot
RemainAfterExit=yes
# Containers are in control groups of their own, and their keepers end with nobody's session.
KillMode=process
Delegate=yes
ExecStart=${command} start --all
ExecStop=${command} stop --all

[Install]
WantedBy=${isRoot ? "multi-user.target" : "default.target"}`);
  return 0;
}

/** A word of a command line in a unit: quoted, and without specifiers and variables. */
function unitWord(word: string): string {
  const plain = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w/.:%$-]+$/.test(plain) ? plain : `"${plain.replace(/["\\]/g, "\\$&")}"`;
}

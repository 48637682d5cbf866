import type { PreparedContainer } from "../engine/index.ts";
import { quote } from "../plan/index.ts";
import { containerAsShell } from "../runtime/as-shell/script.ts";

/**
 * The container as a shell script.
 *
 * @param words the arguments of `husk explain`, for the head of the script
 */
export function shellScript({ planned, request }: PreparedContainer, words: readonly string[]): string {
  const typed = words.filter((word) => word !== "--as-shell").map(quote);
  return containerAsShell(planned, request, `husk run ${typed.join(" ")}`);
}

import { HuskError } from "../../platform/error.ts";
import { readSmall, type RetryPolicy } from "./transport.ts";

/** What a registry said no to, in words: `cannot pull …: HOST refuses it: …`. */
export async function responseError(
  response: Response,
  what: string,
  policy: RetryPolicy,
): Promise<HuskError> {
  const { status } = response;
  const said = await errorText(response, policy);
  const because = said === "" ? "" : `: ${said}`;
  const logIn = "log in with: husk login REGISTRY; or the name is wrong";
  if (status === 401)
    return new HuskError("denied", `cannot ${what}: the registry wants to know who asks${because}`, {
      hint: logIn,
    });
  if (status === 403)
    return new HuskError("denied", `cannot ${what}: the registry does not allow it${because}`, {
      hint: logIn,
    });
  if (status === 404)
    return new HuskError("not-found", `cannot ${what}: the registry has no such thing${because}`, {
      hint: "check name and tag; some registries say this too of what one may not see (husk login)",
    });
  if (status === 429) {
    const wait = response.headers.get("retry-after");
    return new HuskError("failed", `cannot ${what}: the registry's limit of requests is reached${because}`, {
      hint: `try again ${wait === null ? "later" : `in ${wait} seconds`}; who is logged in often has a higher limit (husk login)`,
    });
  }
  return new HuskError("failed", `cannot ${what}: the registry answers with status ${status}${because}`, {
    hint:
      status >= 500 ? "the registry is not well: try again later" : "is it a registry (distribution-spec)?",
  });
}

/** The message of the distribution-spec's error body, on one line, if there is one. */
async function errorText(response: Response, policy: RetryPolicy): Promise<string> {
  try {
    const text = Buffer.from(await readSmall(response, 1 << 16, { ...policy, idle: 5000 })).toString("utf8");
    const [first] = (JSON.parse(text) as { errors?: { code?: string; message?: string }[] }).errors ?? [];
    const words = [first?.code?.toLowerCase(), first?.message].filter(
      (word) => word !== undefined && word !== "",
    );
    // Somebody else's text: nothing of it may steer the terminal.
    return words
      .join(", ")
      .replace(/[^\x20-\x7e]/g, "?")
      .slice(0, 300);
  } catch {
    return "";
  }
}

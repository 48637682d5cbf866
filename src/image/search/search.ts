import { HuskError } from "../../platform/error.ts";
import { parseObject } from "../parse-oci.ts";
import { DEFAULT_REGISTRY } from "../reference.ts";
import {
  endpointsOf,
  listRepositories,
  readSmall,
  type RegistryRule,
  Repository,
  Session,
  type SessionOptions,
} from "../registry/index.ts";

/** A repository that was found. */
export interface FoundRepository {
  /** As people write it; with its registry unless that is docker's hub. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
}

export interface SearchOptions {
  readonly rules: readonly RegistryRule[];
  readonly session: Omit<SessionOptions, "insecure">;
  /** At most as many. */
  readonly limit: number;
}

const LARGEST_ANSWER = 4 << 20;
/** docker's hub is searched at another host than images come from. */
const HUB_SEARCH = "index.docker.io";

/**
 * Looks for repositories: `TERM` at docker's hub, `HOST/TERM` at another registry. Registries with the search of
 * version 1 are asked that way, others for their catalog, of which names with the term in them are taken.
 *
 * @throws HuskError "unavailable" for a registry that offers neither, "denied", "failed"
 */
export async function searchRepositories(text: string, options: SearchOptions): Promise<FoundRepository[]> {
  const { registry, term } = splitTerm(text);
  const host = registry === DEFAULT_REGISTRY ? HUB_SEARCH : registry;
  const session = sessionWith(host, term === "" ? "library" : term, options);
  const query = `/v1/search?q=${encodeURIComponent(term)}&n=${options.limit}`;
  const response = await session.request(query, "registry:catalog:*", { method: "GET" });
  if (response.ok && (response.headers.get("content-type") ?? "").includes("json")) {
    const bytes = await readSmall(response, LARGEST_ANSWER, options.session.retries);
    return parseResults(bytes, registry).slice(0, options.limit);
  }
  await response.body?.cancel();
  if (response.status !== 404 && response.status !== 405 && !response.ok && response.status !== 401)
    throw new HuskError("failed", `cannot search ${registry}: status ${response.status}`, {
      hint: "try it again later",
    });
  return searchCatalog(session, registry, term, options.limit);
}

async function searchCatalog(
  session: Session,
  registry: string,
  term: string,
  limit: number,
): Promise<FoundRepository[]> {
  let names: string[];
  try {
    names = await listRepositories(session);
  } catch (cause) {
    if (cause instanceof HuskError && cause.code === "not-found")
      throw new HuskError(
        "unavailable",
        `${registry} cannot be searched: it has neither a search nor a catalog`,
        { cause },
      );
    throw cause;
  }
  return names
    .filter((name) => name.includes(term))
    .slice(0, limit)
    .map((name) => ({
      name: `${registry}/${name}`,
      description: "",
      stars: 0,
      isOfficial: false,
      isAutomated: false,
    }));
}

/**
 * All tags of a repository, in its registry's order.
 *
 * @throws HuskError "not-found", "denied"
 */
export function listTags(
  repository: { registry: string; repository: string },
  options: Omit<SearchOptions, "limit">,
): Promise<string[]> {
  const session = sessionWith(repository.registry, repository.repository, options);
  return new Repository(session, repository.repository).tags();
}

function sessionWith(
  registry: string,
  repository: string,
  { rules, session }: Omit<SearchOptions, "limit">,
): Session {
  // Mirrors are for pulling: the last endpoint is the registry itself.
  const endpoint = endpointsOf(rules, `${registry}/${repository}`, true).at(-1);
  return new Session(endpoint?.registry ?? registry, { ...session, insecure: endpoint?.insecure ?? false });
}

/** The first part is a host only if it looks like one, as in names of images. */
function splitTerm(text: string): { registry: string; term: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = slash >= 0 && (/[.:]/.test(first) || first === "localhost");
  if (!isHost && /^(localhost|\[?[0-9a-f:.]+\]?)(:[0-9]+)$/.test(text)) return { registry: text, term: "" };
  return isHost
    ? { registry: first, term: text.slice(slash + 1) }
    : { registry: DEFAULT_REGISTRY, term: text };
}

/** Results of the search of version 1 (moby, api/types/registry). */
function parseResults(bytes: Uint8Array, registry: string): FoundRepository[] {
  const { results } = parseObject(bytes, `the answer of ${registry}`);
  if (!Array.isArray(results))
    throw new HuskError("invalid", `${registry} gives no results that can be read`, {
      hint: "is it a registry?",
    });
  return results.flatMap((result: unknown) => {
    const { name, description, star_count, is_official, is_automated } = Object(result) as Record<
      string,
      unknown
    >;
    if (typeof name !== "string") return [];
    return [
      {
        name: registry === DEFAULT_REGISTRY ? name : `${registry}/${name}`,
        description: typeof description === "string" ? description : "",
        stars: typeof star_count === "number" ? star_count : 0,
        isOfficial: is_official === true,
        isAutomated: is_automated === true,
      },
    ];
  });
}

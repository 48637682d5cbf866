import { HuskError } from "../platform/error.ts";

/** A name of an image, whole: registry, repository, and a tag or a digest or both. */
export interface Reference {
  /** Host of the registry, with a port where one is given: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  /** `library/debian`, `team/app/web`. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:…`; where both stand, the digest says what is meant and the tag is for people. */
  readonly digest: string | undefined;
}

/** The registry of names without one. */
export const DEFAULT_REGISTRY = "docker.io";
const DEFAULT_NAMESPACE = "library";
const DEFAULT_TAG = "latest";
/** Stands for this machine itself, and is no name of a repository. */
const RESERVED = "host";
const LONGEST_NAME = 255;

// The grammar of github.com/distribution/reference (regexp.go).
const domainComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?`;
const pathComponent = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const tagWord = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digestWord = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const domainPattern = new RegExp(`^${domain}$`);
const pathPattern = new RegExp(`^${pathComponent}(?:/${pathComponent})*$`);
const tagPattern = new RegExp(`^${tagWord}$`);
const digestPattern = new RegExp(`^${digestWord}$`);

const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/**
 * Reads a name as docker does: `debian` is `docker.io/library/debian:latest`. A name with a digest gets no tag.
 *
 * @throws HuskError "invalid" naming what is wrong with it
 */
export function parseReference(text: string): Reference {
  if (text === RESERVED) {
    throw new HuskError("invalid", `the image name ${RESERVED} means this machine, not a repository`, {
      hint: `for the repository of that name write ${DEFAULT_REGISTRY}/${DEFAULT_NAMESPACE}/${RESERVED}`,
    });
  }
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined) checkDigest(digest, text);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !tagPattern.test(tag)) {
    throw refuse(
      text,
      `the tag ${JSON.stringify(tag)} is not one`,
      "tags are up to 128 of A-Z a-z 0-9 _ . -",
    );
  }
  const name = splitName(colon < 0 ? named : named.slice(0, colon), text);
  return { ...name, tag: tag ?? (digest === undefined ? DEFAULT_TAG : undefined), digest };
}

/** `splitDockerDomain` of distribution/reference (normalize.go): the first part is a host only if it looks like one. */
function splitName(name: string, text: string): { registry: string; repository: string } {
  if (/^[a-f0-9]{64}$/.test(name))
    throw refuse(text, "64 hexadecimal digits are an image's id, not a repository", "name a repository");
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isHost =
    slash >= 0 && (/[.:[]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  const host = isHost ? first : DEFAULT_REGISTRY;
  const registry = host === `index.${DEFAULT_REGISTRY}` ? DEFAULT_REGISTRY : host;
  const written = isHost ? name.slice(slash + 1) : name;
  let repository = written;
  if (registry === DEFAULT_REGISTRY && !repository.includes("/"))
    repository = repository === "" ? "" : `${DEFAULT_NAMESPACE}/${repository}`;
  if (!domainPattern.test(registry))
    throw refuse(text, `${JSON.stringify(registry)} is no host name`, "a registry is host[:port]");
  if (!pathPattern.test(repository)) {
    const why = /[A-Z]/.test(repository) ? "has capital letters" : `is not one`;
    throw refuse(
      text,
      `the repository ${JSON.stringify(written)} ${why}`,
      "repositories are a-z 0-9, with single . _ __ or - between, and parts divided by /",
    );
  }
  if (registry.length + 1 + repository.length > LONGEST_NAME)
    throw refuse(text, `the name is longer than ${LONGEST_NAME} characters`, "choose a shorter one");
  return { registry, repository };
}

/**
 * Checks that text is a digest husk can verify: `sha256:` and 64 digits, or `sha512:` and 128.
 *
 * @throws HuskError "invalid"; "unsupported" for another algorithm
 */
export function checkDigest(digest: string, about: string = digest): void {
  if (!digestPattern.test(digest))
    throw refuse(
      about,
      `${JSON.stringify(digest)} is no digest`,
      "a digest is sha256: and 64 digits 0-9 a-f",
    );
  const [algorithm = "", hex = ""] = digest.split(":");
  const length = digestLengths[algorithm];
  if (length === undefined)
    throw new HuskError("unsupported", `image ${about}: husk cannot verify digests of ${algorithm}`, {
      hint: "sha256 and sha512 can be verified",
    });
  if (hex.length !== length || /[A-F]/.test(hex))
    throw refuse(about, `a ${algorithm} digest has ${length} digits 0-9 a-f`, "copy all of it");
}

export function isDigest(text: string): boolean {
  const [algorithm = "", hex = ""] = text.split(":");
  return hex.length === digestLengths[algorithm] && /^[0-9a-f]+$/.test(hex) && text.split(":").length === 2;
}

/** Whole: `docker.io/library/debian:latest`. Parsing it gives the same reference. */
export function formatReference(reference: Reference): string {
  return `${formatName(reference)}${suffix(reference)}`;
}

/** Without tag and digest: `docker.io/library/debian`. */
export function formatName({ registry, repository }: Pick<Reference, "registry" | "repository">): string {
  return `${registry}/${repository}`;
}

/** As people write it: `debian:latest`, `team/app:1`, `localhost:5000/app:1`. Parsing it gives the same reference. */
export function familiarReference(reference: Reference): string {
  return `${familiarName(reference)}${suffix(reference)}`;
}

/** As people write it, without tag and digest; `host` keeps its namespace. */
export function familiarName({ registry, repository }: Pick<Reference, "registry" | "repository">): string {
  if (registry !== DEFAULT_REGISTRY) return `${registry}/${repository}`;
  const [namespace, name = "", ...more] = repository.split("/");
  if (namespace !== DEFAULT_NAMESPACE || more.length > 0 || name === RESERVED)
    return withoutRegistry(repository);
  return name;
}

/** `docker.io/localhost/app` would be taken for another registry without its own. */
function withoutRegistry(repository: string): string {
  const first = repository.slice(0, Math.max(repository.indexOf("/"), 0));
  return /[.]/.test(first) || first === "localhost" ? `${DEFAULT_REGISTRY}/${repository}` : repository;
}

function suffix({ tag, digest }: Reference): string {
  return `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** What a manifest is asked for by at a registry: the digest, or else the tag. */
export function manifestName({ tag, digest }: Reference): string {
  return digest ?? tag ?? DEFAULT_TAG;
}

function refuse(text: string, why: string, hint: string): HuskError {
  return new HuskError("invalid", `image ${text === "" ? "''" : text}: ${why}`, { hint });
}

/** A name that an image is to get. @throws HuskError "invalid" for none, and for a digest, which cannot be given */
export function parseTag(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest !== undefined)
    throw new HuskError("invalid", `${text}: a digest cannot be given, it is what the image is`, {
      hint: "leave out what begins with @",
    });
  return reference;
}

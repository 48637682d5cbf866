/** The keeper's program inside the executable: a path that can be read, not started. */
declare module "*/dist/keeper" {
  const path: string;
  export default path;
}

/** Set by scripts/build. */
declare const HUSK_KEEPER_DIGEST: string;

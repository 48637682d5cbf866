export { type Bootstrapped, bootstrapImage, type BootstrapOptions } from "./bootstrap.ts";
export { debianArchitecture, parseSystem, type Recipe, usualName, VARIANTS, type Variant } from "./recipe.ts";
export { type Tool, TOOLS } from "./tool.ts";

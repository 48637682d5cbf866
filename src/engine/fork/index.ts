export { forkContainer, type ForkOptions } from "./fork.ts";
export { clearForks, completeFork, dropForks, forkFolder, forksOf } from "./fork-layers.ts";

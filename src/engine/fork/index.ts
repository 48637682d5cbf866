export { forkContainer, type ForkOptions } from "./fork.ts";
export { completeFork, dropForks, forkFolder, forksOf } from "./fork-layers.ts";

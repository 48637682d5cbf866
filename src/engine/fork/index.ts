export { forkContainer, type ForkOptions } from "./fork.ts";
export { completeFork, dropForks, forkFolders, forksOf } from "./fork-layers.ts";

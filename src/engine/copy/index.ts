export { commitContainer, type CommitContainerOptions } from "./commit.ts";
export {
  type CopyOptions,
  copyFromContainer,
  copyToContainer,
  readFromContainer,
  writeToContainer,
} from "./copy.ts";
export { exportContainer } from "./export.ts";

export { pushImage, type PushOptions, type PushProgress } from "./push.ts";

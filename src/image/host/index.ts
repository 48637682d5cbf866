export {
  type HostImage,
  hostImage,
  type HostImageOptions,
} from "./host-image.ts";

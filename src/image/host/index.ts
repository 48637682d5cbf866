export {
  describeHostImage,
  type HostImage,
  hostImage,
  type HostImageOptions,
  type HostImagePart,
} from "./host-image.ts";

import { parseGpus } from "./gpus.ts";
import { table } from "./values-table.ts";

table(
  "gpus",
  (value) => parseGpus("flag", value),
  [
    ["all", ["nvidia.com/gpu=all"]],
    ["2", ["nvidia.com/gpu=0", "nvidia.com/gpu=1"]],
    ["device=0", ["nvidia.com/gpu=0"]],
    ['"device=0,GPU-3a23c669"', ["nvidia.com/gpu=0", "nvidia.com/gpu=GPU-3a23c669"]],
    ["count=all,driver=amd", ["amd.com/gpu=all"]],
    ['"device=1,2","capabilities=compute,utility"', ["nvidia.com/gpu=1", "nvidia.com/gpu=2"]],
  ],
  ["", "none", "0", "-2", "device=", "count=1,device=0", "colour=red", '"device=0', "driver=x"],
);

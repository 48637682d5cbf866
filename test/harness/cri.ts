// The parts of Kubernetes' Container Runtime Interface (cri-api, runtime/v1/api.proto) that tests use.
import { grpcClient } from "./grpc.ts";
import { type Message, type Shape, stringMap } from "./protobuf.ts";

const int64Value = { value: [1, "int"] } as const satisfies Shape;
const namespaceOption = {
  network: [1, "int"],
  pid: [2, "int"],
  ipc: [3, "int"],
  target_id: [4, "string"],
} as const satisfies Shape;
/** NamespaceMode. */
export const POD = 0;
export const CONTAINER = 1;
export const NODE = 2;
export const TARGET = 3;

const securityProfile = { profile_type: [1, "int"], localhost_ref: [2, "string"] } as const satisfies Shape;
/** SecurityProfile.ProfileType. */
export const RUNTIME_DEFAULT = 0;

const sandboxConfig = {
  metadata: [1, { name: [1, "string"], uid: [2, "string"], namespace: [3, "string"], attempt: [4, "int"] }],
  hostname: [2, "string"],
  log_directory: [3, "string"],
  dns_config: [4, { servers: [1, ["string"]], searches: [2, ["string"]], options: [3, ["string"]] }],
  labels: [6, stringMap],
  annotations: [7, stringMap],
  linux: [
    8,
    {
      cgroup_parent: [1, "string"],
      security_context: [
        2,
        {
          namespace_options: [1, namespaceOption],
          run_as_user: [3, int64Value],
          readonly_rootfs: [4, "bool"],
          privileged: [6, "bool"],
          seccomp: [9, securityProfile],
        },
      ],
      sysctls: [3, stringMap],
    },
  ],
} as const satisfies Shape;

const resources = {
  cpu_period: [1, "int"],
  cpu_quota: [2, "int"],
  cpu_shares: [3, "int"],
  memory_limit_in_bytes: [4, "int"],
  oom_score_adj: [5, "int"],
  cpuset_cpus: [6, "string"],
} as const satisfies Shape;

const containerConfig = {
  metadata: [1, { name: [1, "string"], attempt: [2, "int"] }],
  image: [2, { image: [1, "string"] }],
  command: [3, ["string"]],
  args: [4, ["string"]],
  working_dir: [5, "string"],
  envs: [6, [{ key: [1, "string"], value: [2, "string"] }]],
  mounts: [
    7,
    [
      {
        container_path: [1, "string"],
        host_path: [2, "string"],
        readonly: [3, "bool"],
        propagation: [5, "int"],
      },
    ],
  ],
  labels: [9, stringMap],
  log_path: [11, "string"],
  tty: [14, "bool"],
  linux: [
    15,
    {
      resources: [1, resources],
      security_context: [
        2,
        {
          capabilities: [1, { add_capabilities: [1, ["string"]], drop_capabilities: [2, ["string"]] }],
          privileged: [2, "bool"],
          namespace_options: [3, namespaceOption],
          run_as_user: [5, int64Value],
          readonly_rootfs: [7, "bool"],
          supplemental_groups: [8, ["int"]],
          no_new_privs: [11, "bool"],
          run_as_group: [12, int64Value],
          masked_paths: [13, ["string"]],
          readonly_paths: [14, ["string"]],
          seccomp: [15, securityProfile],
        },
      ],
    },
  ],
} as const satisfies Shape;

const uint64Value = { value: [1, "int"] } as const satisfies Shape;
const cpuUsage = {
  timestamp: [1, "int"],
  usage_core_nano_seconds: [2, uint64Value],
} as const satisfies Shape;
const memoryUsage = { timestamp: [1, "int"], working_set_bytes: [2, uint64Value] } as const satisfies Shape;

const sandboxId = { pod_sandbox_id: [1, "string"] } as const satisfies Shape;
const containerId = { container_id: [1, "string"] } as const satisfies Shape;
const nothing: Shape = {};

/** Method → what it is asked and what it answers. */
const methods = {
  Status: [nothing, { status: [1, { conditions: [1, [{ type: [1, "string"], status: [2, "bool"] }]] }] }],
  RunPodSandbox: [{ config: [1, sandboxConfig], runtime_handler: [2, "string"] }, sandboxId],
  PodSandboxStatus: [
    sandboxId,
    {
      status: [1, { state: [3, "int"], network: [5, { ip: [1, "string"] }], runtime_handler: [9, "string"] }],
    },
  ],
  PodSandboxStats: [
    sandboxId,
    {
      stats: [
        1,
        {
          linux: [
            2,
            {
              cpu: [1, cpuUsage],
              memory: [2, memoryUsage],
              process: [4, { process_count: [2, uint64Value] }],
            },
          ],
        },
      ],
    },
  ],
  StopPodSandbox: [sandboxId, nothing],
  RemovePodSandbox: [sandboxId, nothing],
  ListPodSandbox: [nothing, { items: [1, [{ id: [1, "string"], state: [3, "int"] }]] }],
  CreateContainer: [
    { pod_sandbox_id: [1, "string"], config: [2, containerConfig], sandbox_config: [3, sandboxConfig] },
    containerId,
  ],
  StartContainer: [containerId, nothing],
  StopContainer: [{ container_id: [1, "string"], timeout: [2, "int"] }, nothing],
  RemoveContainer: [containerId, nothing],
  ListContainers: [nothing, { containers: [1, [{ id: [1, "string"], state: [6, "int"] }]] }],
  ContainerStatus: [
    containerId,
    {
      status: [
        1,
        { state: [3, "int"], exit_code: [7, "int"], reason: [10, "string"], message: [11, "string"] },
      ],
    },
  ],
  UpdateContainerResources: [{ container_id: [1, "string"], linux: [2, resources] }, nothing],
  ExecSync: [
    { container_id: [1, "string"], cmd: [2, ["string"]], timeout: [3, "int"] },
    { stdout: [1, "bytes"], stderr: [2, "bytes"], exit_code: [3, "int"] },
  ],
  ContainerStats: [containerId, { stats: [1, { cpu: [2, cpuUsage], memory: [3, memoryUsage] }] }],
} as const satisfies Record<string, readonly [Shape, Shape]>;

export type CriMethod = keyof typeof methods;

export interface Cri {
  /** A method of the RuntimeService; throws GrpcError. */
  call(method: CriMethod, request?: Message): Promise<Message>;
  close(): void;
}

/** The interface at a socket. */
export function criClient(socket: string): Cri {
  const client = grpcClient(socket);
  return {
    call: (method, request = {}) =>
      client.call(`/runtime.v1.RuntimeService/${method}`, [methods[method][0], request], methods[method][1]),
    close: client.close,
  };
}

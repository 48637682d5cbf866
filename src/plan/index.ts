export { type EncodedPlan, encode, type EncodeOptions, PROTOCOL } from "./encode.ts";
export { type Errno, errnoName, errnos, errnoWords } from "./errno.ts";
export {
  type Arg,
  Call,
  Check,
  Clone,
  Exec,
  Init,
  Keep,
  KillAll,
  List,
  Load,
  Memory,
  type Operation,
  type Plan,
  Result,
  type Step,
  Store,
  Wait,
  When,
} from "./plan.ts";
export type { HealthTicks, KeepOptions, KeptLog, Relay, Restart, Supervision } from "./keeping.ts";
export { type Complaint, decodeComplaint } from "./complaint.ts";
export { decodeReport, type Report } from "./report.ts";
export {
  BPF_ATTACH_PROGRAM,
  BPF_ATTACH_REPLACES,
  BPF_QUERY_COUNT,
  bpfAttachDevice,
  bpfLoadDevice,
  bpfQueryDevice,
  capHeader,
  CLONE_ARGS_CGROUP,
  cloneArgs,
  DESCRIPTOR_AT,
  descriptorMessage,
  descriptorMessageOf,
  ifreqFlags,
  IOVEC_BYTES,
  MOUNT_ATTR_BYTES,
  MOUNT_ATTR_USERNS,
  mountAttr,
  OPEN_HOW_BYTES,
  openHow,
  pollfd,
  rlimit64,
  setHighFlag,
  sockFprog,
  timespec,
} from "./structs.ts";
export { type Arch, hostArch, type SyscallName, syscallNumbers } from "./syscalls.ts";
export { type FailedCall, type Failure, failureError, findFailure, type RoomHint } from "./failure.ts";
export { quote } from "./quote.ts";

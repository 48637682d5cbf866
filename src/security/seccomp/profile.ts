/** What a filter does with a system call (runtime-spec, config-linux.md#seccomp; seccomp(2)). */
export type LinuxSeccompAction =
  | "SCMP_ACT_KILL"
  | "SCMP_ACT_KILL_PROCESS"
  | "SCMP_ACT_KILL_THREAD"
  | "SCMP_ACT_TRAP"
  | "SCMP_ACT_ERRNO"
  | "SCMP_ACT_TRACE"
  | "SCMP_ACT_ALLOW"
  | "SCMP_ACT_LOG"
  | "SCMP_ACT_NOTIFY";

/** How an argument is compared; all comparisons are unsigned. */
export type LinuxSeccompOperator =
  | "SCMP_CMP_NE"
  | "SCMP_CMP_LT"
  | "SCMP_CMP_LE"
  | "SCMP_CMP_EQ"
  | "SCMP_CMP_GE"
  | "SCMP_CMP_GT"
  /** `(argument & value) == (valueTwo & value)` */
  | "SCMP_CMP_MASKED_EQ";

/** A condition on one argument; a value above 2^53 - 1 has to be a bigint to be exact. */
export interface LinuxSeccompArg {
  index: number;
  value: number | bigint;
  valueTwo?: number | bigint;
  op: LinuxSeccompOperator;
}

/** One rule: what happens to these system calls if all conditions on their arguments hold. */
export interface LinuxSyscall {
  names: string[];
  action: LinuxSeccompAction;
  /** ERRNO: the error the caller sees; TRACE: what the tracer reads. EPERM by default. */
  errnoRet?: number;
  args?: LinuxSeccompArg[];
}

/** `linux.seccomp` of config.json (runtime-spec 1.3). */
export interface LinuxSeccomp {
  defaultAction: LinuxSeccompAction;
  defaultErrnoRet?: number;
  architectures?: string[];
  flags?: string[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: LinuxSyscall[];
}

export { type Errno, errnoName, errnos, errnoWords } from "./errno.ts";
export {
  type Arg, Call, Check, Clone, Exec, Init, Keep, KillAll, List, Load, Memory, type Operation,
  type Plan, Result, type Step, Store, Wait, When,
} from "./plan.ts";
export { type Arch, hostArch, type SyscallName, syscallNumbers } from "./syscalls.ts";

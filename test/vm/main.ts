import { type Outcome, skippedOnce } from "../suite/part.ts";

export async function runVirtualMachine(): Promise<Outcome> {
  return skippedOnce("vm", "a virtual machine");
}

/** What a filter sees of a call: struct seccomp_data without the instruction pointer. */
export interface SystemCall {
  readonly number: number;
  /** AUDIT_ARCH_*. */
  readonly audit: number;
  /** Up to six 64-bit arguments; absent ones are 0. */
  readonly args?: readonly bigint[];
}

/**
 * Runs a filter as the kernel would: for tests, and to say what a profile does with a call without making it.
 * Throws if the kernel's checker would refuse the program (net/core/filter.c bpf_check_classic,
 * kernel/seccomp.c seccomp_check_filter).
 *
 * @returns the filter's return value, signed: action in the high 16 bits, data in the low ones
 */
export function runFilter(program: Uint8Array, call: SystemCall): number {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setInt32(0, call.number | 0, true);
  data.setInt32(4, call.audit | 0, true);
  for (let i = 0; i < 6; i++) data.setBigUint64(16 + 8 * i, call.args?.[i] ?? 0n, true);
  const count = program.byteLength / 8;
  let accumulator = 0;
  for (let at = 0; at < count; at++) {
    const code = view.getUint16(at * 8, true);
    const onTrue = view.getUint8(at * 8 + 2);
    const onFalse = view.getUint8(at * 8 + 3);
    const operand = view.getUint32(at * 8 + 4, true);
    switch (code) {
      case 0x20:
        if (operand % 4 !== 0 || operand >= 64) throw new Error(`${at}: load from ${operand}`);
        accumulator = data.getUint32(operand, true);
        break;
      case 0x54:
        accumulator = (accumulator & operand) >>> 0;
        break;
      case 0x05:
        at += operand;
        break;
      case 0x06:
        return operand | 0;
      case 0x15:
        at += accumulator === operand ? onTrue : onFalse;
        break;
      case 0x25:
        at += accumulator > operand ? onTrue : onFalse;
        break;
      case 0x35:
        at += accumulator >= operand ? onTrue : onFalse;
        break;
      // What libseccomp uses besides.
      case 0x45:
        at += (accumulator & operand) !== 0 ? onTrue : onFalse;
        break;
      default:
        throw new Error(`${at}: instruction ${code.toString(16)}`);
    }
  }
  throw new Error("the program ends without a return");
}

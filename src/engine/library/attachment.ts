import type { Attachment } from "../attach/attach.ts";
import type { LogChunk } from "../log/index.ts";
import type { Abortable } from "./options.ts";

/** What {@link Container.attach} can be asked for; `signal` closes the attachment. */
export interface AttachSettings extends Abortable {
  /** Give it input; it takes none unless it was created with `interactive` or `tty`. */
  readonly input?: boolean;
  /** Which of its output; absent: "now". */
  readonly from?: "now" | "start";
}

/** A client of a running container's input and output; there may be several. */
export interface ContainerAttachment extends AsyncDisposable {
  /** It has a terminal: everything it writes is "stdout". */
  readonly tty: boolean;
  /** Whether it has an input that this client may write to. */
  readonly takesInput: boolean;
  /** Its input as a stream; closing that says that nothing more comes from this client. */
  readonly stdin: WritableStream<Uint8Array>;
  /** Resolves when the container's keeper has taken it. */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more comes from this client. */
  endInput(): Promise<void>;
  /** Characters. @throws HuskError "invalid" when it has no terminal */
  resize(rows: number, columns: number): Promise<void>;
  /** What it writes, until it ends or the attachment is closed. */
  output(): AsyncGenerator<LogChunk, void>;
  /** Exit code when the container has ended; undefined when the attachment was closed before. */
  readonly ended: Promise<number | undefined>;
  close(): void;
}

/** The library's side of an attachment; closed if `signal` is aborted already. */
export function attachmentOf(inner: Attachment, signal: AbortSignal | undefined): ContainerAttachment {
  const close = (): void => {
    signal?.removeEventListener("abort", close);
    inner.close();
  };
  if (signal?.aborted === true) close();
  else if (signal !== undefined) {
    signal.addEventListener("abort", close, { once: true });
    const forget = (): void => signal.removeEventListener("abort", close);
    inner.ended.then(forget, forget);
  }
  return {
    tty: inner.tty,
    takesInput: inner.takesInput,
    stdin: new WritableStream<Uint8Array>({
      write: (bytes) => inner.write(bytes),
      close: () => inner.endInput(),
    }),
    write: (bytes) => inner.write(bytes),
    endInput: () => inner.endInput(),
    resize: (rows, columns) => inner.resize(rows, columns),
    output: () => inner.output(),
    ended: inner.ended,
    close,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}

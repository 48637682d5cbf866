import { HuskError } from "../../platform/error.ts";
import { LayerStream } from "./layer-stream.ts";
import type { FromWorker, ToWorker } from "./remote-layer.ts";

/** The other end of a {@link RemoteLayer}: messages are done one after the other. */
export function serveLayer(send: (message: FromWorker) => void): (message: ToWorker) => Promise<void> {
  let stream: LayerStream | undefined;
  let hasFailed = false;
  const take = async (message: ToWorker): Promise<void> => {
    switch (message.kind) {
      case "open": {
        const warn = (text: string): void => send({ kind: "warning", message: text });
        stream = new LayerStream(message.folder, { ...message.options, warn }, message.tools);
        return;
      }
      case "write":
        if (!hasFailed) await stream?.write(message.bytes);
        send({ kind: "took", bytes: message.bytes.length });
        return;
      case "finish":
        if (!hasFailed && stream !== undefined) send({ kind: "finished", layer: await stream.finish() });
        return;
      case "abandon":
        stream?.abandon();
        send({ kind: "abandoned" });
    }
  };
  let last: Promise<void> = Promise.resolve();
  return (message) => {
    last = last.then(() =>
      take(message).catch((error: unknown) => {
        hasFailed = true;
        const { message: text } = error as Error;
        const known = error instanceof HuskError ? error : undefined;
        send({ kind: "failed", code: known?.code, message: text, hint: known?.hint });
      }),
    );
    return last;
  };
}

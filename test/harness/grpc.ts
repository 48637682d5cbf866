// A client for single calls of gRPC over HTTP/2 on a unix socket (grpc.github.io, "gRPC over HTTP2").
import { connect as connectHttp2 } from "node:http2";
import { connect as connectSocket } from "node:net";
import { decodeMessage, encodeMessage, type Message, type Shape } from "./protobuf.ts";

/** What a call answered instead of a message. */
export class GrpcError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface GrpcClient {
  /** `/package.Service/Method` with a request; throws {@link GrpcError}. */
  call(path: string, request: readonly [Shape, Message], answer: Shape): Promise<Message>;
  close(): void;
}

const FRAME_HEADER = 5;

/** Connects to the socket at `path`. A call that takes longer than `timeout` milliseconds fails. */
export function grpcClient(path: string, timeout = 60_000): GrpcClient {
  const session = connectHttp2("http://localhost", { createConnection: () => connectSocket(path) });
  session.on("error", () => {});
  const call: GrpcClient["call"] = (method, [shape, message], answer) =>
    new Promise((resolve, reject) => {
      const content = encodeMessage(shape, message);
      const header = Buffer.alloc(FRAME_HEADER);
      header.writeUInt32BE(content.length, 1);
      const stream = session.request({
        ":method": "POST",
        ":path": method,
        "content-type": "application/grpc",
        te: "trailers",
      });
      const parts: Buffer[] = [];
      let status: string | undefined;
      let text = "";
      const take = (headers: Record<string, unknown>): void => {
        status = (headers["grpc-status"] as string | undefined) ?? status;
        text = (headers["grpc-message"] as string | undefined) ?? text;
      };
      const limit = setTimeout(() => stream.destroy(new Error(`${method} took ${timeout} ms`)), timeout);
      stream.on("response", take);
      stream.on("trailers", take);
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("error", reject);
      stream.on("close", () => {
        clearTimeout(limit);
        if (status !== "0") reject(new GrpcError(Number(status ?? 2), decodeURIComponent(text)));
        else resolve(decodeMessage(answer, Buffer.concat(parts).subarray(FRAME_HEADER)));
      });
      stream.end(Buffer.concat([header, content]));
    });
  return { call, close: () => session.close() };
}

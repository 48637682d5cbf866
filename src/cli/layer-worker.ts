// A thread that unpacks a layer; built beside the command line's entry.
import { serveLayer } from "../image/layer/index.ts";

declare const self: Worker;

const serve = serveLayer((message) => postMessage(message));
self.addEventListener("message", ({ data }) => void serve(data));

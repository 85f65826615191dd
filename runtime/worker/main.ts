/**
 * The thread beside user code. It reads its calls straight from the runner's socket: a hop over the main thread would cost
 * every call 40 µs. When user code ends or crashes this thread, the main thread ends the process with the same code.
 */
import { CHANNEL_DESCRIPTOR, encodeFrame, FrameReader, parseHostFrame } from "../protocol.ts";
import { connectChannel } from "./channel.ts";
import { patchConsole } from "./console.ts";
import { EmptyLoop } from "./empty-loop.ts";
import { redirectStandardStreams } from "./output.ts";
import { installStreamingGlobals } from "./response-stream.ts";
import { Session } from "./session.ts";

redirectStandardStreams();
patchConsole();
installStreamingGlobals();

let session: Session | undefined;
const reader = new FrameReader((head, payload) => void session?.receive(parseHostFrame(head), payload));
// Without a host there is nobody to work for, and nobody to end the handler's children: the whole group goes.
const onEnd = process.kill.bind(process, 0, "SIGKILL");
connectChannel(CHANNEL_DESCRIPTOR, { onBytes: (bytes) => reader.push(bytes), onEnd }).then((channel) => {
  const started = new Session(
    {
      send: (frame, payload) => channel.write(encodeFrame(frame, payload)),
      onceEmpty: (then) => channel.onceEmpty(then),
    },
    new EmptyLoop(channel),
  );
  process.on("uncaughtException", (error) => started.endByError(error, "uncaughtException"));
  process.on("unhandledRejection", (error) => started.endByError(error, "unhandledRejection"));
  session = started;
  channel.write(encodeFrame({ type: "hello" }));
});

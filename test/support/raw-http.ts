/** HTTP by hand, over a socket of its own: for what no client would send, and for how an answer arrives. */
import { connect, type Socket } from "node:net";
import { until } from "./until.ts";

export interface RawConnection {
  readonly socket: Socket;
  /** All that came, as Latin-1. */
  readonly received: string;
  /** `reset`: without a word; `ended`: in good order. */
  readonly over: "no" | "ended" | "reset";
  send(text: string): void;
  /** Resolves with all that came once it matches. */
  receives(pattern: RegExp): Promise<string>;
  /** Resolves when the server has ended the connection. */
  ends(): Promise<"ended" | "reset">;
}

export function rawConnection(base: string): RawConnection {
  const { hostname, port } = new URL(base);
  const socket = connect(Number(port), hostname);
  let received = "";
  let over: RawConnection["over"] = "no";
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  socket.on("end", () => {
    if (over === "no") over = "ended";
  });
  socket.on("error", () => {
    over = "reset";
  });
  return {
    socket,
    get received() {
      return received;
    },
    get over() {
      return over;
    },
    send: (text) => void socket.write(text, "latin1"),
    receives: (pattern) =>
      until(`${pattern} has come, not only ${JSON.stringify(received)}`, () => pattern.test(received) && received),
    ends: () => until("the connection is over", () => over !== "no" && over),
  };
}

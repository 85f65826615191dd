/** The server's own log: one JSON line an event on standard error. Functions' logs are another thing. */
import pino from "pino";

export type Log = pino.Logger;
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

export const makeLog = (level: LogLevel): Log => pino({ level, base: null }, pino.destination({ fd: 2, sync: true }));

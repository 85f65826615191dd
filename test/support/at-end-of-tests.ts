/** Loaded before all tests (bunfig.toml). */
import { afterAll } from "bun:test";
import { putAway } from "./at-end.ts";

afterAll(putAway);

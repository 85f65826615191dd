/** The thread beside user code, where another folder stands for `/tmp`. */
import { redirectTemporary } from "./temporary-folder.ts";

/** Set by the walls, with the folder: what else the function has below `/tmp`, separated by colons. */
const { TMPDIR, LAMBENT_TMP_KEPT = "" } = process.env;
if (TMPDIR !== undefined) redirectTemporary(TMPDIR, [TMPDIR, ...LAMBENT_TMP_KEPT.split(":").filter(Boolean)]);
await import("./main.ts");

/**
 * Whether an event is JSON, and in AWS's words why it is not. For a synchronous call the runner finds that out; an asynchronous one
 * has to be refused before it is queued. The wording is that of `runtime/worker/json-event.ts`, which this room may not import.
 */

const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/** Undefined when all is well. */
export function flawOf(payload: Uint8Array): string | undefined {
  let text: string;
  try {
    text = strictDecoder.decode(payload);
  } catch {
    return encodingFlaw(payload);
  }
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return syntaxFlaw(payload, text);
  }
}

function encodingFlaw(payload: Uint8Array): string {
  const { at, part } = firstInvalidByte(payload);
  return `Invalid UTF-8 ${part} byte 0x${(payload[at] ?? 0).toString(16)}${placeOf(payload, at)}`;
}

/** The decoder says only that something is wrong: it is asked character by character, and in the wrong one byte by byte. */
function firstInvalidByte(payload: Uint8Array): { at: number; part: "start" | "middle" } {
  for (let at = 0; at < payload.length; ) {
    const lead = payload[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length > 1) {
      const character = payload.subarray(at, at + length);
      const decoder = new TextDecoder("utf-8", { fatal: true });
      for (let k = 0; k < length; k++) {
        if (k === character.length) return { at, part: "start" }; // the text ends within a character
        try {
          decoder.decode(character.subarray(k, k + 1), { stream: true });
        } catch {
          return { at: at + k, part: k === 0 ? "start" : "middle" };
        }
      }
    }
    at += length;
  }
  return { at: payload.length, part: "start" };
}

function syntaxFlaw(payload: Uint8Array, text: string): string {
  const at = firstMisplaced(text);
  const place = placeOf(payload, Buffer.byteLength(text.slice(0, at)));
  if (at >= text.length) return `Unexpected end-of-input${place}`;
  const word = /^[A-Za-z_$][\w$]*/.exec(text.slice(at, at + 100))?.[0];
  if (word !== undefined) {
    return `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')${place}`;
  }
  const code = text.codePointAt(at) ?? 0;
  return `Unexpected character ('${String.fromCodePoint(code)}' (code ${code}))${place}`;
}

function placeOf(payload: Uint8Array, offset: number): string {
  const before = payload.subarray(0, offset);
  const lineStart = before.lastIndexOf(0x0a) + 1;
  const line = before.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
  const source = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
  return `\n at [Source: ${source}; line: ${line}, column: ${offset - lineStart + 1}]`;
}

const SPACE = /[ \t\n\r]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids just these inside a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?![\w$]))/y;

/**
 * The index of the first thing that may not stand where it stands; the text's length when the text ends too early. `closers` holds the
 * brackets that are open, by what closes them.
 */
function firstMisplaced(text: string): number {
  const closers: ("}" | "]")[] = [];
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const key = (): boolean => {
    if (!skip(STRING)) return false;
    skip(SPACE);
    if (text[at] !== ":") return false;
    at++;
    return skip(SPACE);
  };
  skip(SPACE);
  for (;;) {
    // A value, or the brackets before it.
    const opener = text[at];
    if (opener === "{" || opener === "[") {
      const closer = opener === "{" ? "}" : "]";
      at++;
      skip(SPACE);
      if (text[at] !== closer) {
        closers.push(closer);
        if (closer === "}" && !key()) return at;
        continue;
      }
      at++;
    } else if (!skip(STRING) && !skip(SCALAR)) return at;
    // What may follow it: closing brackets, then a comma and the next member.
    skip(SPACE);
    while (closers.length > 0 && text[at] === closers.at(-1)) {
      closers.pop();
      at++;
      skip(SPACE);
    }
    if (closers.length === 0 || text[at] !== ",") return at;
    at++;
    skip(SPACE);
    if (closers.at(-1) === "}" && !key()) return at;
  }
}

/**
 * The event as the handler gets it, and in AWS's words why it is none. The runner parses it since the control plane does not: six
 * megabytes of JSON would hold up every other call.
 */
export type ParsedEvent =
  | { readonly ok: true; readonly event: unknown }
  | { readonly ok: false; readonly reason: string };

const { parse } = JSON;
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/** No payload at all is an empty object, as on AWS. */
export function parseEvent(payload: Uint8Array): ParsedEvent {
  if (payload.length === 0) return { ok: true, event: {} };
  try {
    return { ok: true, event: parse(strictDecoder.decode(payload)) };
  } catch {
    return { ok: false, reason: describe(payload) };
  }
}

/** AWS's parser names the first thing that it cannot read and where; so do we, with its wording for the common cases. */
function describe(payload: Uint8Array): string {
  const invalid = firstInvalidByte(payload);
  if (invalid !== undefined) {
    const { at, part } = invalid;
    return `Invalid UTF-8 ${part} byte 0x${(payload[at] ?? 0).toString(16)}${place(payload, at)}`;
  }
  const text = new TextDecoder().decode(payload);
  const at = firstBadToken(text);
  const where = place(payload, Buffer.byteLength(text.slice(0, at)));
  const word = /^[A-Za-z_$][\w$]*/.exec(text.slice(at, at + 100))?.[0];
  if (at >= text.length) return `Unexpected end-of-input${where}`;
  if (word !== undefined) {
    return `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')${where}`;
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  return `Unexpected character ('${character}' (code ${character.codePointAt(0)}))${where}`;
}

function place(payload: Uint8Array, offset: number): string {
  let line = 1;
  let lineStart = 0;
  for (let i = 0; i < offset; i++) {
    if (payload[i] === 0x0a) {
      line++;
      lineStart = i + 1;
    }
  }
  const source = "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
  return `\n at [Source: ${source}; line: ${line}, column: ${offset - lineStart + 1}]`;
}

/** Source: The Unicode Standard, table 3-7 "Well-Formed UTF-8 Byte Sequences". */
function firstInvalidByte(payload: Uint8Array): { at: number; part: "start" | "middle" } | undefined {
  for (let i = 0; i < payload.length; ) {
    const byte = payload[i] ?? 0;
    const length = sequenceLength(byte);
    if (length === 0) return { at: i, part: "start" };
    for (let k = 1; k < length; k++) {
      const middle = payload[i + k];
      if (middle === undefined) return { at: i, part: "start" }; // the text ends within a character
      const [lowest, highest] = k === 1 ? (SECOND_BYTES[byte] ?? MIDDLE_BYTES) : MIDDLE_BYTES;
      if (middle < lowest || middle > highest) return { at: i + k, part: "middle" };
    }
    i += length;
  }
  return undefined;
}

const MIDDLE_BYTES = [0x80, 0xbf] as const;
/** After these start bytes not every middle byte may follow: overlong forms, surrogates, and what is past U+10FFFF. */
const SECOND_BYTES: Readonly<Record<number, readonly [number, number]>> = {
  [0xe0]: [0xa0, 0xbf],
  [0xed]: [0x80, 0x9f],
  [0xf0]: [0x90, 0xbf],
  [0xf4]: [0x80, 0x8f],
};

function sequenceLength(startByte: number): 0 | 1 | 2 | 3 | 4 {
  if (startByte < 0x80) return 1;
  if (startByte < 0xc2) return 0;
  if (startByte < 0xe0) return 2;
  if (startByte < 0xf0) return 3;
  return startByte < 0xf5 ? 4 : 0;
}

const TOKEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids just these inside a string
  /[ \t\n\r]*(?:([{}[\]:,])|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?![\w$]))/y;

/** The index of the first token that JSON's grammar does not allow where it stands; the text's length when the text just ends too early. */
function firstBadToken(text: string): number {
  const open: ("{" | "[")[] = [];
  let expects: "value" | "key" | "colon" | "comma" = "value";
  let mayClose = false;
  let at = 0;
  for (;;) {
    while (" \t\n\r".includes(text[at] ?? "x")) at++;
    if (at >= text.length) return text.length;
    if (expects === "comma" && open.length === 0) return at; // something follows the value
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) return at;
    const mark = match[1];
    const top = open.at(-1);
    const closes = (mark === "}" && top === "{") || (mark === "]" && top === "[");
    if (closes && (expects === "comma" || mayClose)) {
      open.pop();
      expects = "comma";
      mayClose = false;
    } else if (expects === "value" && (mark === "{" || mark === "[")) {
      open.push(mark);
      expects = mark === "{" ? "key" : "value";
      mayClose = true;
    } else if (expects === "value" && mark === undefined) {
      expects = "comma";
      mayClose = false;
    } else if (expects === "key" && text[at] === '"') {
      expects = "colon";
      mayClose = false;
    } else if (expects === "colon" && mark === ":") {
      expects = "value";
    } else if (expects === "comma" && mark === ",") {
      expects = top === "{" ? "key" : "value";
    } else return at;
    at = TOKEN.lastIndex;
  }
}

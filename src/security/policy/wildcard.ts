/** Patterns of policies: `*` is any text, `?` any character; and `${aws:username}` is what the request has for that key. */
import type { ContextOf } from "./context.ts";

export type Matcher = (text: string, context: ContextOf) => boolean;

export interface PatternOptions {
  readonly ignoreCase?: boolean;
  /** Whether `${…}` means something: since version 2012-10-17 of the policy language. */
  readonly variables: boolean;
}

export function matcherOf(pattern: string, { ignoreCase = false, variables }: PatternOptions): Matcher {
  if (variables && pattern.includes("${"))
    return (text, context) => globOf(substituted(pattern, context), ignoreCase).test(text);
  if (pattern === "*") return () => true;
  if (!/[*?]/.test(pattern) && !ignoreCase) return (text) => text === pattern;
  const glob = globOf(escapedText(pattern), ignoreCase);
  return (text) => glob.test(text);
}

/** Compares whole texts, where `*` and `?` are nothing but themselves. */
export function equalsOf(value: string, { ignoreCase = false, variables }: PatternOptions): Matcher {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  if (!variables || !value.includes("${")) return (text) => fold(text) === fold(value);
  return (text, context) => fold(text) === fold(plainText(substituted(value, context)));
}

/**
 * As `matcherOf`, part by part: no wildcard of the first five parts of an ARN reaches over a colon. Source: IAM User Guide, "IAM JSON
 * policy elements: Resource" and "… Condition operators", ARN.
 */
export function arnMatcherOf(pattern: string, options: PatternOptions): Matcher {
  if (pattern === "*") return () => true;
  const parts = arnParts(pattern).map((part) => matcherOf(part, options));
  return (text, context) => {
    const given = arnParts(text);
    return given.length === parts.length && parts.every((matches, index) => matches(given[index] ?? "", context));
  };
}

const ARN_PARTS = 6;

/** The last of the six may hold further colons. Those within `${…}` part nothing. */
function arnParts(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < text.length && parts.length < ARN_PARTS - 1; at++) {
    if (text.startsWith("${", at)) depth++;
    else if (text[at] === "}" && depth > 0) depth--;
    else if (text[at] === ":" && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

export const isArnPattern = (text: string): boolean => text.startsWith("arn:") && arnParts(text).length === ARN_PARTS;

/** A character of a pattern: what stands for itself comes with `literal`. */
interface Char {
  readonly char: string;
  readonly literal: boolean;
}

const escapedText = (pattern: string): Char[] => [...pattern].map((char) => ({ char, literal: false }));
const plainText = (chars: readonly Char[]): string => chars.map(({ char }) => char).join("");

const VARIABLE = /\$\{([^}]*)\}/g;

/** What the request has is text, whatever wildcards are in it. A key that it does not have leaves what nothing matches. */
function substituted(pattern: string, context: ContextOf): Char[] {
  const chars: Char[] = [];
  let from = 0;
  for (const match of pattern.matchAll(VARIABLE)) {
    chars.push(...escapedText(pattern.slice(from, match.index)));
    from = match.index + match[0].length;
    const [name = "", fallback] = (match[1] ?? "").split(/\s*,\s*/, 2);
    const value = /^[*?$]$/.test(name) ? name : (context(name.trim().toLowerCase()) ?? fallback?.replace(/^'|'$/g, ""));
    const text = typeof value === "string" ? value : UNKNOWN;
    for (const char of text) chars.push({ char, literal: true });
  }
  return [...chars, ...escapedText(pattern.slice(from))];
}

/** No name, ARN or tag holds it. */
const UNKNOWN = "\0";

function globOf(chars: readonly Char[], ignoreCase: boolean): { test(text: string): boolean } {
  const pattern = chars.map(({ char, literal }) => ({ char: ignoreCase ? char.toLowerCase() : char, literal }));
  return { test: (text) => isMatch(pattern, ignoreCase ? text.toLowerCase() : text) };
}

/** Goes back to the last `*` only: a pattern of many cannot make it take longer than pattern times text. */
function isMatch(pattern: readonly Char[], text: string): boolean {
  const chars = [...text];
  let at = 0;
  let from = 0;
  let star = -1;
  let starAt = 0;
  while (at < chars.length) {
    const next = pattern[from];
    if (next?.char === "*" && !next.literal) {
      star = from++;
      starAt = at;
    } else if (next && ((next.char === "?" && !next.literal) || next.char === chars[at])) {
      from++;
      at++;
    } else if (star >= 0) {
      from = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (pattern[from]?.char === "*" && !pattern[from]?.literal) from++;
  return from === pattern.length;
}

/** XML as S3 writes it. */
const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** A piece of XML, already escaped. */
export type Xml = { readonly xml: string };
type Content = Xml | string | number | boolean | undefined | readonly (Xml | undefined)[];

/** `<name>content</name>`; nothing at all for undefined. */
export function element(name: string, content: Content): Xml {
  return content === undefined ? { xml: "" } : { xml: `<${name}>${inner(content)}</${name}>` };
}

/** A whole document, its root in S3's namespace. */
export const document = (name: string, content: readonly (Xml | undefined)[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${inner(content)}</${name}>`;

/** Errors are in no namespace. */
export const errorDocument = (members: Readonly<Record<string, string>>): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${Object.entries(members)
    .map(([name, value]) => element(name, value).xml)
    .join("")}</Error>`;

function inner(content: Exclude<Content, undefined>): string {
  if (Array.isArray(content)) return content.map((each: Xml | undefined) => each?.xml ?? "").join("");
  return typeof content === "object" ? (content as Xml).xml : escapeText(String(content));
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

// A parser would turn a carriage return into a line feed, and may refuse other controls: as references they pass most.
const escapeText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys may hold them
  text.replace(/[&<>"\u0000-\u0008\u000a-\u001f]/g, (char) => ESCAPES[char] ?? `&#${char.charCodeAt(0)};`);

/**
 * Reads the few small documents that S3's clients send: elements and text. Attributes are skipped; a document type, with
 * which entities could be made, is refused.
 */
import { S3Error } from "./s3-error.ts";

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const DEPTH_MAX = 16;
const TOKEN =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<(\/?)([\w:.-]+)((?:"[^"]*"|'[^']*'|[^"'<>])*)>|([^<]+)/y;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

interface Open {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

/** @throws S3Error MalformedXML, also when the root is not called `rootName`. */
export function readXml(source: string, rootName: string): XmlElement {
  const outside: Open = { name: "", children: [], text: "" };
  const stack: Open[] = [outside];
  const token = new RegExp(TOKEN);
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    if (!match) throw new S3Error("MalformedXML");
    const [, cdata, closing, qualified, rest = "", text] = match;
    const here = stack.at(-1) ?? outside;
    if (cdata !== undefined) here.text += cdata;
    else if (text !== undefined) here.text += unescapeText(text);
    else if (qualified !== undefined) {
      const name = qualified.replace(/^.*:/, "");
      if (closing) close(stack, name);
      else if (rest.endsWith("/")) here.children.push({ name, children: [], text: "" });
      else if (stack.push({ name, children: [], text: "" }) > DEPTH_MAX) throw new S3Error("MalformedXML");
    }
  }
  const [root] = outside.children;
  if (stack.length !== 1 || outside.children.length !== 1 || root?.name !== rootName || outside.text.trim() !== "")
    throw new S3Error("MalformedXML");
  return root;
}

function close(stack: Open[], name: string): void {
  const closed = stack.pop();
  const parent = stack.at(-1);
  if (closed?.name !== name || parent === undefined) throw new S3Error("MalformedXML");
  parent.children.push(closed);
}

/** The text of the first child of this name. */
export const childText = (parent: XmlElement, name: string): string | undefined =>
  parent.children.find((child) => child.name === name)?.text;

export const childrenOf = (parent: XmlElement, name: string): XmlElement[] =>
  parent.children.filter((child) => child.name === name);

function unescapeText(text: string): string {
  return text.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w+);?/g, (whole, name: string) => {
    const code = name.startsWith("#x") ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    const known = name.startsWith("#") ? (code <= 0x10ffff ? String.fromCodePoint(code) : undefined) : ENTITIES[name];
    if (known === undefined || !whole.endsWith(";")) throw new S3Error("MalformedXML");
    return known;
  });
}

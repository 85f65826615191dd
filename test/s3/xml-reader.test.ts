import { expect, test } from "bun:test";
import { childrenOf, childText, readXml } from "../../src/s3/xml-reader.ts";

test("prefixes, attributes, comments, CDATA and references are read as they are meant", () => {
  const source = `<?xml version="1.0"?><!-- a --><s3:Delete xmlns:s3="x>y"><Object a='1'><Key>a&amp;b&#x20AC;&#10;</Key></Object>
    <Object><Key><![CDATA[<c>]]></Key></Object><Quiet/></s3:Delete>\n`;
  const root = readXml(source, "Delete");
  expect(childrenOf(root, "Object").map((object) => childText(object, "Key"))).toEqual(["a&b€\n", "<c>"]);
  expect(childText(root, "Quiet")).toBe("");
  expect(childText(root, "Other")).toBeUndefined();
});

test.each([
  { name: "nothing", source: "" },
  { name: "text", source: "hello" },
  { name: "another root", source: "<Other></Other>" },
  { name: "two roots", source: "<Delete></Delete><Delete></Delete>" },
  { name: "an element that stays open", source: "<Delete><Object></Delete>" },
  { name: "an element that nobody opened", source: "</Delete>" },
  { name: "an entity that is not XML's", source: "<Delete>&evil;</Delete>" },
  { name: "a document type", source: '<!DOCTYPE x [<!ENTITY a "b">]><Delete></Delete>' },
  { name: "a character beyond Unicode", source: "<Delete>&#x110000;</Delete>" },
  { name: "a cut tag", source: "<Delete" },
  { name: "depth without end", source: "<Delete>".repeat(1000) },
])("refuses $name", ({ source }) => {
  expect(() => readXml(source, "Delete")).toThrow("The XML you provided was not well-formed");
});

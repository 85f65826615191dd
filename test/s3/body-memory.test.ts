import { afterEach, beforeEach, expect, test } from "bun:test";
import { BodyBudget } from "../../src/core/body-budget.ts";
import { type DoorFixture, openDoor, textOf } from "./door-fixture.ts";

const BYTES = 1024 ** 2;
const LARGE = { body: new Uint8Array(BYTES), headers: { "content-length": String(BYTES) } };

let door: DoorFixture;
let bodies: BodyBudget;
beforeEach(async () => {
  bodies = new BodyBudget(1.5 * BYTES);
  door = await openDoor({}, { timeout() {}, requestIP: () => null, idleSeconds: 60, bodies });
  await door.ask("PUT", "/photos");
});
afterEach(() => door.close());

test("an object is refused with SlowDown while there is no memory for it, and taken when there is", async () => {
  const other = new Request("http://host/");
  bodies.take(other, BYTES);
  const refused = await door.ask("PUT", "/photos/a", LARGE);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("connection")).toBe("close");
  expect(textOf(await refused.text(), "Code")).toBe("SlowDown");
  expect((await door.ask("PUT", "/photos/small", { body: "x", headers: { "content-length": "1" } })).status).toBe(200);
  bodies.give(other);
  for (let count = 0; count < 3; count++) expect((await door.ask("PUT", "/photos/a", LARGE)).status).toBe(200);
});

test("of a large object no more is counted than is in memory while it goes to the disk", async () => {
  const other = new Request("http://host/");
  bodies = new BodyBudget(4 * BYTES);
  await door.close();
  door = await openDoor({}, { timeout() {}, requestIP: () => null, idleSeconds: 60, bodies });
  await door.ask("PUT", "/photos");
  bodies.take(other, BYTES);
  const body = new Uint8Array(8 * BYTES);
  const init = { body, headers: { "content-length": String(body.length) } };
  expect((await door.ask("PUT", "/photos/large", init)).status).toBe(200);
});

test.each(["1", "-1", "few"])(
  "a document in chunks that says it has %s bytes is refused at the first that is too much",
  async (said) => {
    let pieces = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(Buffer.from("2\r\nxx\r\n"));
          if (++pieces === 1000) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": said };
    const refused = await door.ask("POST", "/photos?delete", { body, headers });
    expect(textOf(await refused.text(), "Code")).toBe("IncompleteBody");
    expect(pieces).toBeLessThan(10);
  },
);

import { expect, test } from "bun:test";
import { UnderWay } from "../src/serve-under-way.ts";

const PORT = 40_000;

test("a request is under way from its beginning to its end, said or seen", () => {
  const underWay = new UnderWay();
  const over = new Set<Request>();
  const requests = [0, 1, 2].map((each) => new Request(`http://host/${each}`));
  const server = {
    requestIP: (request: Request) => (over.has(request) ? null : { port: PORT + requests.indexOf(request) }),
  };
  for (const request of requests) underWay.begin(request, server);
  expect([...underWay.peerPorts()].sort()).toEqual([PORT, PORT + 1, PORT + 2]);
  const [first, second] = requests;
  if (first) underWay.end(first);
  if (second) over.add(second);
  expect([...underWay.peerPorts()]).toEqual([PORT + 2]);
});

test("requests whose end nobody said do not pile up", () => {
  const underWay = new UnderWay();
  let asked = 0;
  const server = {
    requestIP: () => {
      asked++;
      return null;
    },
  };
  for (let count = 0; count < 10_000; count++) underWay.begin(new Request("http://host/"), server);
  expect(asked).toBeGreaterThan(8000);
});

test("many more at once than usual are known as well, each until its end", () => {
  const underWay = new UnderWay();
  const requests = Array.from({ length: 1000 }, (_, each) => new Request(`http://host/${each}`));
  const server = { requestIP: (request: Request) => ({ port: PORT + requests.indexOf(request) }) };
  for (const request of requests) underWay.begin(request, server);
  for (const request of requests.slice(100)) underWay.end(request);
  expect([...underWay.peerPorts()].sort()).toEqual(Array.from({ length: 100 }, (_, each) => PORT + each));
  for (const request of requests.slice(0, 100)) underWay.end(request);
  expect(underWay.peerPorts().size).toBe(0);
});

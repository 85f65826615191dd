/** A bare `Bun.serve` that answers with what it is sent: what HTTP in this Bun costs on this machine. Prints its port. */
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async (request) => new Response(await request.bytes(), { headers: { "content-type": "application/json" } }),
});
process.on("disconnect", () => process.exit(0));
process.send?.(server.port);

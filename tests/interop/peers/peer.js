// What every script here has in common: its settings, its port, and its end.

import { createServer } from "node:http";

// oidc-provider wants this of Node 22.
URL.parse ??= (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null);

/** The settings: one argument, in JSON. */
export const settings = JSON.parse(process.argv[2] ?? "{}");

/** Listens on a free port, tells the parent where, and ends with it. The handlers' promises may fail: that is an answer, too. */
export function serve(name, handlerAt) {
  let handler;
  const server = createServer(async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      console.error(error);
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      // Errors of the libraries say in `error` what the other side answered.
      response.end(JSON.stringify({ error: error.error ?? error.code ?? error.name, error_description: error.message }));
    }
  });
  server.listen(0, "localhost", () => {
    const origin = `http://localhost:${server.address().port}`;
    handler = handlerAt(origin);
    console.log(`${name} is listening on ${origin}`);
  });
  process.stdin.on("end", () => process.exit()).resume();
}

/** The fields of a posted form. */
export async function form(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

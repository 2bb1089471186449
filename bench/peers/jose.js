// npm jose, checking access tokens: node jose.js
// The first line of its input is JSON: {"issuer", "audience", "keys", "tokens"}. For every line after that all tokens are checked
// once, and a line is printed: {"checked": how many, "cpu_micros": processor time of all threads}.

import { createInterface } from "node:readline";

import { createLocalJWKSet, jwtVerify } from "jose";

// Node checks signatures on threads of its own: enough at once that none of them waits.
const AT_ONCE = 32;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { issuer, audience, keys, tokens } = JSON.parse((await lines.next()).value);
const keySet = createLocalJWKSet(keys);
const expected = { issuer, audience, typ: "at+jwt", clockTolerance: 60, requiredClaims: ["exp", "iat", "jti", "sub", "client_id"] };

while (!(await lines.next()).done) {
  const before = process.cpuUsage();
  let checked = 0;
  for (let first = 0; first < tokens.length; first += AT_ONCE) {
    const checks = tokens.slice(first, first + AT_ONCE).map((token) => jwtVerify(token, keySet, expected));
    checked += (await Promise.all(checks)).length;
  }
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ checked, cpu_micros: user + system })}\n`);
}

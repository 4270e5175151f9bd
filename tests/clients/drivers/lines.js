// The loop of a Node driver: one call a line on standard input, one outcome a line back.
//
// `makeClient(url, key, secret)` is called once for each secret, or anew when the line says `fresh`.
// `run(client, method, args)` makes the call; `describe(error)` tells what the client refused with.
const readline = require('readline');

module.exports = async function serve({ makeClient, run, describe }) {
  const [url, key] = process.argv.slice(2);
  const clients = new Map();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { method, arguments: args, secret, fresh } = JSON.parse(line);
    let outcome;
    try {
      if (fresh || !clients.has(secret)) clients.set(secret, makeClient(url, key, secret));
      outcome = { ok: true, value: await run(clients.get(secret), method, args) };
    } catch (error) {
      outcome = { ok: false, error: error.name, message: error.message, ...describe(error) };
    }
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
};

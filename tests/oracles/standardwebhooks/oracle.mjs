// The Standard Webhooks library as a second opinion on the signatures of our calls to suppliers.
//
// Reads one JSON question per line on stdin, {secret, body, headers}, and writes one JSON answer
// per line on stdout, {valid} or {valid: false, error}. Driven by tests/it/connectors.

import readline from 'node:readline';
import { Webhook } from 'standardwebhooks';

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { secret, body, headers } = JSON.parse(line);
  let answer;
  try {
    new Webhook(secret).verify(body, headers);
    answer = { valid: true };
  } catch (error) {
    answer = { valid: false, error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

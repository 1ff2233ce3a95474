// HiGHS, compiled to WebAssembly, as a second opinion on what the cheapest plan costs.
//
// Reads one JSON question per line on stdin, {programme} in CPLEX's LP format, and writes one JSON
// answer per line on stdout, {status, values} with a value for each variable by its name, or
// {error}. Driven by benches/routing.

import readline from 'node:readline';
import load from 'highs';

const highs = await load();
// To the very optimum: by default HiGHS stops within a hundredth of a per cent of it.
const options = { mip_rel_gap: 0, mip_abs_gap: 0, mip_feasibility_tolerance: 1e-9, output_flag: false };

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    const { Status, Columns } = highs.solve(JSON.parse(line).programme, options);
    const values = Object.entries(Columns).map(([name, column]) => [name, column.Primal]);
    answer = { status: Status, values: Object.fromEntries(values) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

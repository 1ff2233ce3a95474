// HiGHS, compiled to WebAssembly, as a second opinion on what the cheapest plan costs.
//
// Reads one JSON question per line on stdin, {programme, seconds} with the programme in CPLEX's LP
// format and null or a limit on the time, and writes one JSON answer per line on stdout: {status,
// values, bound} with a value for each variable by its name, null where no plan was found, and what
// no plan comes below; or {error}. Driven by benches/routing.

import readline from 'node:readline';
import load from 'highs';

const highs = await load();
const { modelStatus, solutionStatus } = highs.constants;
const names = { [modelStatus.optimal]: 'Optimal', [modelStatus.timeLimit]: 'Time limit reached' };
// To the very optimum: by default HiGHS stops within a hundredth of a per cent of it.
const options = { mip_rel_gap: 0, mip_abs_gap: 0, mip_feasibility_tolerance: 1e-9, output_flag: false };

function solve({ programme, seconds }) {
  return highs.withModel({ format: 'lp', data: programme }, (model) => {
    model.options.set(seconds === null ? options : { ...options, time_limit: seconds });
    const status = model.run().modelStatus;
    const answer = { status: names[status] ?? `status ${status}`, values: null, bound: model.info.get('mip_dual_bound') };
    if (model.info.get('primal_solution_status') === solutionStatus.feasible) {
      const columns = [...model.getSolution().colValue];
      answer.values = Object.fromEntries(columns.map((value, index) => [model.getColName(index), value]));
    }
    return answer;
  });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = solve(JSON.parse(line));
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

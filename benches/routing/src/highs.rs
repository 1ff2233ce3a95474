//! HiGHS, npm `highs`, in a Node process of its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::milp::Milp;

/// Solves mixed-integer programmes. Ends with the value.
pub struct Highs {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Highs {
    #[must_use]
    pub fn start() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracles/highs");
        assert!(
            folder.join("node_modules/highs/package.json").exists(),
            "tests/oracles/highs has no node_modules: run `make setup`"
        );
        let mut process = Command::new("node")
            .arg("oracle.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts: install Node 20 or later");
        let questions = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Self {
            process,
            questions,
            answers,
        }
    }

    /// The least cost of the programme, which must have an optimum. The solver's
    /// numbers are whole only within its tolerance, so they are rounded first.
    pub fn least_cost(&mut self, milp: &Milp) -> f64 {
        let question = json!({ "programme": milp.to_lp() });
        writeln!(self.questions, "{question}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(answer["status"], "Optimal", "{answer}");
        let value = |variable: usize| answer["values"][format!("x{variable}")].as_f64().expect("a value");
        milp.cost(|variable| value(variable).round())
    }
}

impl Drop for Highs {
    fn drop(&mut self) {
        // Nothing can be done about a process that is gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

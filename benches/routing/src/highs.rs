//! HiGHS, npm `highs`, in a Node process of its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::milp::{Milp, Sum, total};

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

    /// The least that each of the sums can come to in turn, where none grows again for the sake of a later one. The
    /// solver's numbers are whole only within its tolerance, so they are rounded first.
    pub fn least_in_turn<'a>(&mut self, mut milp: Milp, sums: impl IntoIterator<Item = &'a Sum>) -> Vec<f64> {
        let mut found = Vec::new();
        for sum in sums {
            let answer = self.ask(&milp, sum, None);
            assert_eq!(answer["status"], "Optimal", "{answer}");
            let least = total_of(&answer, sum);
            milp.at_most(sum.clone(), least);
            found.push(least);
        }
        found
    }

    /// What the sum can come to, as far as is known after so many seconds.
    pub fn within(&mut self, milp: &Milp, sum: &Sum, seconds: u32) -> Between {
        let answer = self.ask(milp, sum, Some(seconds));
        let is_optimum = answer["status"] == "Optimal";
        assert!(is_optimum || answer["status"] == "Time limit reached", "{answer}");
        Between {
            // It names no bound before it has one.
            at_least: answer["bound"].as_f64().unwrap_or(f64::NEG_INFINITY),
            found: answer["values"].is_object().then(|| total_of(&answer, sum)),
            is_optimum,
        }
    }

    fn ask(&mut self, milp: &Milp, sum: &Sum, seconds: Option<u32>) -> Value {
        let question = json!({ "programme": milp.to_lp(sum), "seconds": seconds });
        writeln!(self.questions, "{question}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("JSON")
    }
}

/// Between which numbers the least value of a sum is.
#[derive(Clone, Copy, Debug)]
pub struct Between {
    /// No plan comes to less.
    pub at_least: f64,
    /// The best plan that was found comes to so much.
    pub found: Option<f64>,
    pub is_optimum: bool,
}

fn total_of(answer: &Value, sum: &Sum) -> f64 {
    total(sum, |variable| {
        let value = answer["values"][format!("x{variable}")].as_f64();
        value.expect("a value").round()
    })
}

impl Drop for Highs {
    fn drop(&mut self) {
        // Nothing can be done about a process that is gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

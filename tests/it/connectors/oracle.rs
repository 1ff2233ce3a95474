//! The Standard Webhooks library, npm `standardwebhooks`, in a Node process of its own.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

use crate::shopify::stub::Request;

/// Says whether a call is signed as the specification says. Ends with the value.
pub struct Oracle {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/standardwebhooks")
}

impl Oracle {
    pub fn start() -> Self {
        let installed = folder().join("node_modules/standardwebhooks/package.json");
        assert!(
            installed.exists(),
            "tests/oracles/standardwebhooks has no node_modules: run `make setup`"
        );
        let mut process = Command::new("node")
            .arg("oracle.mjs")
            .current_dir(folder())
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

    /// Whether the library believes a call that carries this body.
    pub fn believes(&mut self, secret: &str, request: &Request, body: &str) -> bool {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let headers: serde_json::Map<String, Value> = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), json!(request.header(name)?))))
            .collect();
        let question = json!({ "secret": secret, "body": body, "headers": headers });
        writeln!(self.questions, "{question}").expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        answer["valid"].as_bool().expect("a verdict")
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // Nothing can be done about a process that is gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn the_oracle_is_the_pinned_library() {
    let version = |file: &str, pointer: &str| {
        let text = std::fs::read_to_string(folder().join(file)).expect("run `make setup`");
        let json: Value = serde_json::from_str(&text).expect("JSON");
        json.pointer(pointer).cloned().expect("a version")
    };
    assert_eq!(
        version("node_modules/standardwebhooks/package.json", "/version"),
        version("package.json", "/dependencies/standardwebhooks"),
    );
}

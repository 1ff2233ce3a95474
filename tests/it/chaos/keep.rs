//! What stays of a round that failed: its report, its nodes' logs and its database.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::stage::Stage;

/// Rounds whose logs and databases are kept; of the others only the reports are.
const MOST_KEPT: usize = 6;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/chaos")
}

/// Forgets what was kept of earlier runs.
pub fn forget() {
    for kept in folders() {
        // What cannot be removed is overwritten or stays: no reason to do nothing.
        drop(std::fs::remove_dir_all(kept));
    }
}

fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Keeps a round, whose nodes should run no more. Says where.
pub fn keep(stage: &Stage, report: &str) -> PathBuf {
    let is_too_much = folders().len() >= MOST_KEPT;
    let folder = folder().join(format!("{}-seed-{}", stage.database.name(), stage.seed));
    drop(std::fs::create_dir_all(&folder));
    drop(std::fs::write(folder.join("report.txt"), report));
    if is_too_much {
        return folder;
    }
    for node in &stage.nodes {
        drop(std::fs::copy(node.log(), folder.join(format!("{}.log", node.name))));
    }
    for name in ["orderyard.db", "orderyard.db-wal"] {
        drop(std::fs::copy(stage.disk.data().join(name), folder.join(name)));
    }
    if stage.cluster.is_some() {
        let mut dump = Command::new("pg_dump");
        dump.args(["--format=custom", "--file"])
            .arg(folder.join("orderyard.dump"));
        dump.arg(&stage.database_url)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Without the tool, the report and the logs must do.
        drop(dump.status());
    }
    folder
}

/// A round that could not be played to its end is kept too.
impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let happenings = self.chronicle.happenings();
            let told: Vec<String> = happenings.iter().map(|(at, what)| format!("{at} {what}")).collect();
            let folder = keep(self, &told.join("\n"));
            println!("what there was of the round is in {}", folder.display());
        }
    }
}

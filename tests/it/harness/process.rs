//! The real binary as a process that a story can start, kill and start again.

use std::{
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::Instant,
};
use url::Url;

use super::{
    PATIENCE,
    database::{Database, TestDatabase},
    port::Port,
};

/// While this file is there, a process stands still at its failpoint.
const STOPS: &str = "stands-still";

/// How long a call to the outside may take, and how late it may begin.
const OUTSIDE_CALL: Duration = Duration::from_secs(2);

/// An installation: its settings, its database, and the process while it runs.
pub struct Orderyard {
    database: TestDatabase,
    env: Vec<(String, String)>,
    port: Port,
    child: Option<Child>,
    log: PathBuf,
}

impl Orderyard {
    pub fn new(database: TestDatabase, origin: &str, extra: Vec<(&'static str, String)>) -> Self {
        let port = Port::claim();
        let mut env: Vec<(String, String)> = [
            ("SHOPIFY_API_KEY", "sandbox-client-id".to_owned()),
            ("SHOPIFY_API_SECRET", "sandbox-client-secret".to_owned()),
            ("SHOPIFY_APP_URL", format!("http://127.0.0.1:{}", port.number)),
            ("SHOPIFY_ORIGIN", origin.to_owned()),
            ("DATABASE_URL", database.url().to_owned()),
            (
                "ENCRYPTION_KEY",
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
            ),
            ("HOST", "127.0.0.1".to_owned()),
            ("PORT", port.number.to_string()),
            ("SUPPLIER_NETWORKS", "127.0.0.0/8".to_owned()),
            ("JOB_RETRY_SECONDS", "0.05,0.1,0.2,0.4,0.8,1,1,2,2".to_owned()),
            // Far away, so that a story sees each job's own tries.
            ("CIRCUIT_FAILURES", "1000".to_owned()),
            ("OUTSIDE_CALL_SECONDS", OUTSIDE_CALL.as_secs().to_string()),
            ("WORKER_LEASE_SECONDS", "2".to_owned()),
            ("STOP_NOTICE_SECONDS", "0.01".to_owned()),
            ("LOG", "info,orderyard=debug,sqlx=warn".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        env.extend(extra.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let log = database.folder().join("orderyard.log");
        Self {
            database,
            env,
            port,
            child: None,
            log,
        }
    }

    /// An installation in which nothing has run yet, with no Shopify to talk to.
    pub async fn untouched(database: Database) -> Self {
        Self::new(
            TestDatabase::create(database).await,
            "http://127.0.0.1:9/{shop}",
            Vec::new(),
        )
    }

    pub fn url(&self) -> Url {
        format!("http://127.0.0.1:{}", self.port.number).parse().expect("a URL")
    }

    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&mut self) {
        self.start_with(&[]);
        self.wait_until_ready().await;
    }

    /// Starts the server with more environment, and does not wait.
    pub fn start_with(&mut self, extra: &[(&str, &str)]) {
        assert!(self.child.is_none(), "it runs already");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("a log file");
        let child = self
            .command_line(&["serve"])
            .envs(extra.iter().copied())
            .stderr(log)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        self.child = Some(child);
    }

    pub async fn wait_until_ready(&mut self) {
        self.wait_until(false).await;
    }

    /// For a process that will come to a failpoint: what an earlier order left to do may bring it there before
    /// it is ready.
    pub async fn wait_until_ready_or_ended(&mut self) {
        self.wait_until(true).await;
    }

    async fn wait_until(&mut self, may_have_ended: bool) {
        let deadline = Instant::now() + PATIENCE;
        let ready = self.url().join("/readyz").expect("a path");
        loop {
            if reqwest::Client::builder()
                .build()
                .expect("a client")
                .get(ready.clone())
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                return;
            }
            let child = self.child.as_mut().expect("it runs");
            if let Some(status) = child.try_wait().expect("its state") {
                assert!(may_have_ended, "it ended, {status}\n{}", self.log_tail());
                return;
            }
            assert!(Instant::now() < deadline, "it is never ready\n{}", self.log_tail());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// As an operator would; gives back how it ended.
    pub async fn stop(&mut self) -> ExitStatus {
        terminate(self.child.take().expect("it runs")).await
    }

    /// Waits until the process ends by itself, as at a failpoint.
    pub async fn wait_for_end(&mut self, why: &str) {
        let mut child = self.child.take().expect("it runs");
        let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
        assert!(ended.is_ok(), "it never ended at {why}\n{}", self.log_tail());
    }

    /// Starts the server, which will stand still at a failpoint until it is told to go on.
    pub async fn start_to_stand_still(&mut self, place: &str) {
        let stops = self.file(STOPS, "");
        self.start_with(&[("ORDERYARD_FAILPOINT", place), ("ORDERYARD_FAILPOINT_STOPS", &stops)]);
        self.wait_until_ready().await;
    }

    /// Stops the process once one of its jobs is at the failpoint, when it holds no lock of the database.
    /// Gives back when it stood still.
    pub async fn wait_until_it_stands_still(&self) -> Instant {
        let id = self.child.as_ref().and_then(Child::id).expect("it runs");
        let deadline = Instant::now() + PATIENCE;
        // After the name in brackets comes the state.
        let stands = || {
            let told = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
            told.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
        };
        while !stands() || self.database.is_held().await {
            let in_time = Instant::now() < deadline;
            assert!(in_time, "it never stands still\n{}", self.log_tail());
            // Something else of it may be just writing.
            self.signal("-CONT").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.log_tail().contains("the job stands still here") {
                self.signal("-STOP").await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Instant::now()
    }

    /// Has a process go on that stands still since then, once the time is over in which it may make the
    /// call that it was about to make.
    pub async fn go_on(&self, since: Instant) {
        tokio::time::sleep_until(since + OUTSIDE_CALL + Duration::from_millis(100)).await;
        self.let_go();
        self.signal("-CONT").await;
    }

    /// Has a job go on that stands still at a failpoint of a process that runs.
    pub fn let_go(&self) {
        std::fs::remove_file(self.database.folder().join(STOPS)).expect("a job stands still");
    }

    async fn signal(&self, signal: &str) {
        let id = self.child.as_ref().and_then(Child::id).expect("it runs").to_string();
        let sent = Command::new("kill").args([signal, &id]).status().await;
        assert!(sent.expect("a signal is sent").success());
    }

    /// A second process on the same database, which works and listens elsewhere.
    pub fn second_worker(&self) -> Child {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("a log file");
        self.command_line(&["serve"])
            .envs([("PORT", "0"), ("ORDERYARD_ROLE", "worker")])
            .stderr(log)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts")
    }

    /// Another process on the same database and the same port, once it serves.
    pub async fn node(&self, name: &str) -> Node {
        self.node_with(name, &[]).await
    }

    /// The same, with a clock that is wrong by this much.
    pub async fn node_with_clock(&self, name: &str, ms: i64) -> Node {
        let file = self.database.folder().join(format!("{name}.clock"));
        std::fs::write(&file, ms.to_string()).expect("a file");
        let file = file.display().to_string();
        self.node_with(name, &[("ORDERYARD_CLOCK_FILE", &file)]).await
    }

    async fn node_with(&self, name: &str, extra: &[(&str, &str)]) -> Node {
        let log = self.database.folder().join(format!("{name}.log"));
        let child = self
            .command_line(&["serve"])
            .envs(extra.iter().copied())
            .stderr(std::fs::File::create(&log).expect("a log file"))
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = std::fs::read_to_string(&log).expect("a log");
            if text.contains("orderyard serves") {
                return Node(child);
            }
            assert!(Instant::now() < deadline, "it never serves\n{text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the server at once, as a crash would.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().await.expect("it ends");
    }

    /// Runs a command to its end and gives back what it printed.
    pub async fn command(&self, arguments: &[&str]) -> String {
        let output = self.command_line(arguments).output().await.expect("the binary runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "orderyard {arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Runs a command that says no, and gives back what it printed.
    pub async fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.command_line(arguments).output().await.expect("the binary runs");
        assert!(!output.status.success(), "orderyard {arguments:?} finds nothing wrong");
        String::from_utf8(output.stdout).expect("text")
    }

    /// A file beside the database, by its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let file = self.database.folder().join(name);
        std::fs::write(&file, text).expect("a file");
        file.to_str().expect("a path").to_owned()
    }

    /// Applies a setup file; what it names may still be on its way from Shopify.
    pub async fn apply_until_taken(&self, setup: &str) {
        let file = self.database.folder().join("setup.yaml");
        std::fs::write(&file, setup).expect("a file");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let output = self
                .command_line(&["apply", file.to_str().expect("a path")])
                .output()
                .await
                .expect("the binary runs");
            if output.status.success() {
                return;
            }
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                Instant::now() < deadline,
                "never applied: {errors}\n{}",
                self.log_tail()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn command_line(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderyard"));
        command
            .args(arguments)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.database.folder()).stdin(Stdio::null());
        command
    }

    /// The end of the log, for a story that failed.
    /// Whether the log says so anywhere.
    pub fn has_told(&self, text: &str) -> bool {
        std::fs::read_to_string(&self.log).unwrap_or_default().contains(text)
    }

    pub fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

/// One more process of an installation.
pub struct Node(Child);

impl Node {
    /// Ends it at once, as a crash would.
    pub async fn kill(mut self) {
        self.0.kill().await.expect("it ends");
    }

    /// As an operator would; gives back how it ended.
    pub async fn stop(self) -> ExitStatus {
        terminate(self.0).await
    }
}

async fn terminate(mut child: Child) -> ExitStatus {
    let id = child.id().expect("it runs").to_string();
    let sent = Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .await
        .expect("a signal is sent");
    assert!(sent.success());
    child.wait().await.expect("it ends")
}

//! Real `orderyard` processes: started, killed, paused, and with clocks of their own.

use std::{
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    sync::Mutex,
    time::Instant,
};

use crate::harness::Port;

/// One node of the installation.
pub struct Node {
    pub name: String,
    port: Port,
    env: Vec<(String, String)>,
    folder: PathBuf,
    clock: PathBuf,
    child: Mutex<Option<Child>>,
    peak_memory_bytes: AtomicU64,
}

/// How a start went.
pub enum Start {
    Ready,
    Ended(ExitStatus),
    Late,
}

impl Node {
    /// A node that will listen on this port of the loopback interface.
    pub fn at(name: &str, port: Port, env: &[(String, String)], folder: PathBuf) -> Self {
        let clock = folder.join(format!("{name}.clock"));
        let mut env = env.to_vec();
        env.push(("PORT".to_owned(), port.number.to_string()));
        env.push(("ORDERYARD_CLOCK_FILE".to_owned(), clock.display().to_string()));
        Self {
            name: name.to_owned(),
            port,
            env,
            clock,
            folder,
            child: Mutex::new(None),
            peak_memory_bytes: AtomicU64::new(0),
        }
    }

    /// A command on the same installation.
    pub fn command_line(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderyard"));
        command
            .args(arguments)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Starts the process; at a failpoint, if one is named, it will end itself.
    pub async fn start(&self, failpoint: Option<&str>) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("a log file");
        let mut command = self.command_line(&["serve"]);
        command
            .envs(failpoint.map(|place| ("ORDERYARD_FAILPOINT", place)))
            .stdout(Stdio::null())
            .stderr(log);
        let mut child = self.child.lock().await;
        assert!(child.is_none(), "{} runs already", self.name);
        *child = Some(command.spawn().expect("the binary starts"));
    }

    /// Waits until it serves.
    pub async fn wait_until_ready(&self, http: &reqwest::Client, within: Duration) -> Start {
        let deadline = Instant::now() + within;
        let ready = format!("http://127.0.0.1:{}/readyz", self.port.number);
        while Instant::now() < deadline {
            if let Some(status) = self.ended().await {
                return Start::Ended(status);
            }
            let answer = http.get(&ready).timeout(Duration::from_secs(2)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Start::Ready;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Start::Late
    }

    /// How it ended, if it did; it can be started again then.
    pub async fn ended(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().await;
        let status = child.as_mut()?.try_wait().ok()??;
        *child = None;
        Some(status)
    }

    /// Waits until it ends by itself.
    pub async fn wait_for_end(&self, within: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Some(status) = self.ended().await {
                return Some(status);
            }
            self.measure().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    /// `kill -9`.
    pub async fn kill(&self) {
        self.measure().await;
        if let Some(mut child) = self.child.lock().await.take() {
            // Already ended is as good.
            drop(child.kill().await);
        }
    }

    /// Sends `STOP` or `CONT`.
    pub async fn signal(&self, signal: &str) {
        let Some(id) = self.id().await else { return };
        let sent = Command::new("kill")
            .args([format!("-{signal}"), id.to_string()])
            .status();
        drop(sent.await);
    }

    async fn id(&self) -> Option<u32> {
        self.child.lock().await.as_ref().and_then(Child::id)
    }

    /// Lets its clock go wrong by this much from now on.
    pub fn set_clock(&self, ms: i64) {
        std::fs::write(&self.clock, ms.to_string()).expect("a clock file");
    }

    /// Notes the most memory that the process has had.
    pub async fn measure(&self) {
        let Some(id) = self.id().await else { return };
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        self.peak_memory_bytes
            .fetch_max(kilobytes.unwrap_or(0) * 1024, Ordering::Relaxed);
    }

    pub fn peak_memory_bytes(&self) -> u64 {
        self.peak_memory_bytes.load(Ordering::Relaxed)
    }

    pub fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }
}

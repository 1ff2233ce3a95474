//! Programs under test: started, watched and ended here.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tokio::net::TcpStream;

use crate::Failure;

/// A running program; it ends with this value.
pub struct Process {
    child: Child,
    /// From its start to the first connection that it took.
    pub cold_start: Duration,
}

/// What a program has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// The most memory that was ever resident, in KiB.
    pub peak_kib: u64,
    /// Memory that is resident now, in KiB.
    pub resident_kib: u64,
    /// Time on processors, by itself and for it in the kernel.
    pub cpu: Duration,
}

pub fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Process {
    /// Starts a program that listens on `port`, and waits until it does.
    pub async fn start(mut command: Command, port: u16, log: &Path) -> Result<Self, Failure> {
        let log = std::fs::File::create(log)?;
        let began = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", command.get_program().display()))?;
        let mut process = Self {
            child,
            cold_start: Duration::ZERO,
        };
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Some(status) = process.child.try_wait()? {
                return Err(format!("{} ended at its start: {status}", command.get_program().display()).into());
            }
            if began.elapsed() > Duration::from_secs(30) {
                return Err(format!("{} does not listen", command.get_program().display()).into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        process.cold_start = began.elapsed();
        Ok(process)
    }

    /// What it has used, from /proc.
    pub fn usage(&self) -> Result<Usage, Failure> {
        let id = self.child.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
                .unwrap_or(0)
        };
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name, in parentheses, may hold spaces: the fields are counted after it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        // Linux counts in hundredths of a second for user space.
        let cpu = Duration::from_millis((ticks(11) + ticks(12)) * 10);
        Ok(Usage {
            peak_kib: kib("VmHWM:"),
            resident_kib: kib("VmRSS:"),
            cpu,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

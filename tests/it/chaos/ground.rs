//! What the installation stands on, and how it gives way: a PostgreSQL of its own that restarts,
//! a small disk that fills up.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use uuid::Uuid;

/// A PostgreSQL server beside this round alone; it goes when this is dropped.
pub struct Cluster {
    pub url: String,
    restart: String,
    _keeper: Child,
}

impl Cluster {
    /// Starts a throw-away server, which lives as long as its standard input is open.
    pub async fn start() -> Self {
        let keep = r#"echo "$ORDERYARD_TEST_POSTGRES"; echo "$ORDERYARD_TEST_POSTGRES_RESTART"; exec cat >/dev/null"#;
        let mut keeper = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/with-postgres"))
            .args(["sh", "-c", keep])
            .env_remove("ORDERYARD_TEST_POSTGRES")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("scripts/with-postgres starts");
        let mut lines = BufReader::new(keeper.stdout.take().expect("its output")).lines();
        let mut next = async || lines.next_line().await.expect("text").expect("PostgreSQL starts");
        let (url, restart) = (next().await, next().await);
        Self {
            url,
            restart,
            _keeper: keeper,
        }
    }

    /// Restarts the server: `fast`, or `immediate` as after a crash.
    pub async fn restart(&self, mode: &str) -> bool {
        let mut command = Command::new(&self.restart);
        command
            .arg(mode)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().await.is_ok_and(|status| status.success())
    }
}

/// A folder for one round, whose data are on a disk of their own; small enough to fill where this user may mount.
pub struct Disk {
    path: PathBuf,
    is_mounted: bool,
}

/// Room on the small disk, in megabytes: at first, and for a thousand orders. Several times what they take.
const SIZE_MB: u64 = 160;
const SIZE_MB_PER_THOUSAND: u64 = 120;
const PREFIX: &str = "orderyard-chaos-";
/// Holds the id of the process that the folder belongs to.
const OWNER: &str = "owner";

impl Disk {
    pub async fn make(small: bool, orders: u64) -> Self {
        remove_leftovers();
        let path = std::env::temp_dir().join(format!("{PREFIX}{}", Uuid::now_v7().simple()));
        std::fs::create_dir_all(path.join("data")).expect("a folder");
        std::fs::write(path.join(OWNER), std::process::id().to_string()).expect("a file");
        let mut mount = Command::new("mount");
        let size = format!("size={}m", SIZE_MB + SIZE_MB_PER_THOUSAND * orders / 1000);
        mount.args(["-t", "tmpfs", "-o", &size, "none"]).arg(path.join("data"));
        mount.stdout(Stdio::null()).stderr(Stdio::null());
        let is_mounted = small && mount.status().await.is_ok_and(|status| status.success());
        Self { path, is_mounted }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that fills up; logs are elsewhere.
    pub fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Whether it can be filled without harm to others.
    pub const fn is_small(&self) -> bool {
        self.is_mounted
    }

    /// Takes all the room that is left, without holding up whoever else is about.
    pub async fn fill(&self) {
        if self.is_mounted {
            let path = self.filler();
            let done = tokio::task::spawn_blocking(move || fill(&path)).await;
            done.expect("nothing in it panics");
        }
    }

    /// Gives the room back.
    pub fn clear(&self) {
        // Not there is as good.
        drop(std::fs::remove_file(self.filler()));
    }

    fn filler(&self) -> PathBuf {
        self.data().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn fill(path: &Path) {
    let Ok(mut filler) = std::fs::File::create(path) else {
        return;
    };
    let (large, small) = (vec![0; 1024 * 1024], [0; 512]);
    while filler.write_all(&large).is_ok() {}
    while filler.write_all(&small).is_ok() {}
}

fn remove(path: &Path) {
    // Where nothing is mounted, nothing is unmounted.
    let mut unmount = std::process::Command::new("umount");
    drop(unmount.arg("-l").arg(path.join("data")).stderr(Stdio::null()).status());
    // A folder that cannot be removed is the temporary folder's business.
    drop(std::fs::remove_dir_all(path));
}

/// A run that was killed outright could not clean up; the next one does it.
fn remove_leftovers() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let owner = std::fs::read_to_string(entry.path().join(OWNER)).unwrap_or_default();
        if is_ours
            && owner
                .parse::<u32>()
                .is_ok_and(|id| !Path::new(&format!("/proc/{id}")).exists())
        {
            remove(&entry.path());
        }
    }
}

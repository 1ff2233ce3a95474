//! How many webhooks a second are durable before they are answered.

use std::{path::Path, process::Command, time::Duration};

use crate::{
    Failure, Options,
    fill::drop_database,
    load::{self, Pace, Requests, SECRET},
    process::{Process, free_port},
    report::{IntakeRow, LargeRow, Results},
};

/// As the reference figures were measured.
pub const CONNECTIONS: usize = 64;
/// That send bodies of 8 MiB at once.
const LARGE_CONNECTIONS: usize = 16;

/// One program that takes webhooks.
struct Candidate {
    name: &'static str,
    command: Command,
    port: u16,
}

/// Measures each candidate alone, one after the other.
pub async fn measure(options: &Options, results: &mut Results) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.folder)?;
    for candidate in candidates(options)? {
        if options.wants(candidate.name) {
            eprintln!("bench: {}", candidate.name);
            results.intake.push(one(options, candidate).await?);
        }
    }
    large_bodies(options, results).await
}

/// How much memory calls take that are as large as they may be: more of them than there is room for.
async fn large_bodies(options: &Options, results: &mut Results) -> Result<(), Failure> {
    for name in ["large bodies, SQLite", "large bodies, PostgreSQL"] {
        if !options.wants(name) {
            continue;
        }
        let database = if name.ends_with("SQLite") {
            Some(format!("sqlite://{}", fresh(&options.folder, "large.db")?))
        } else {
            postgres("bench_large")?
        };
        let Some(database) = database else { continue };
        eprintln!("bench: {name}");
        let Candidate { name, command, port } = orderyard(options, name, &database)?;
        let process = Process::start(command, port, &options.folder.join("large.log")).await?;
        let requests = Requests::large()?;
        let seen = load::send(port, requests, LARGE_CONNECTIONS, Pace::Full, options.duration()).await?;
        results.large.push(LargeRow {
            name: name.trim_start_matches("large bodies, ").to_owned(),
            connections: LARGE_CONNECTIONS,
            per_second: seen.per_second,
            refused: seen.refused,
            peak_mib: mib(process.usage()?.peak_kib),
        });
        drop(process);
        drop_database(&database)?;
    }
    Ok(())
}

/// The same of what a database holds already.
pub async fn of_orderyard(options: &Options, name: &'static str, database: &str) -> Result<IntakeRow, Failure> {
    one(options, orderyard(options, name, database)?).await
}

async fn one(options: &Options, candidate: Candidate) -> Result<IntakeRow, Failure> {
    let Candidate { name, command, port } = candidate;
    let process = Process::start(
        command,
        port,
        &options.folder.join(format!("{}.log", name.replace(' ', "-"))),
    )
    .await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = process.usage()?;
    let full = load::send(port, Requests::new()?, CONNECTIONS, Pace::Full, options.duration()).await?;
    let after = process.usage()?;
    let half = Pace::PerSecond(full.per_second / 2.0);
    let half = load::send(port, Requests::new()?, CONNECTIONS, half, options.duration() / 2).await?;
    Ok(IntakeRow {
        name: name.to_owned(),
        per_second: full.per_second,
        p50_ms: full.p50.as_secs_f64() * 1000.0,
        p99_ms: full.p99.as_secs_f64() * 1000.0,
        p99_at_half_ms: half.p99.as_secs_f64() * 1000.0,
        max_ms: full.max.as_secs_f64() * 1000.0,
        refused: full.refused + half.refused,
        idle_mib: mib(idle.resident_kib),
        peak_mib: mib(process.usage()?.peak_kib),
        cpu_seconds: (after.cpu.saturating_sub(idle.cpu)).as_secs_f64(),
        cold_start_ms: process.cold_start.as_secs_f64() * 1000.0,
    })
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn candidates(options: &Options) -> Result<Vec<Candidate>, Failure> {
    let mut all = Vec::new();
    let port = free_port()?;
    let mut stack = Command::new(std::env::current_exe()?);
    stack.args(["stack", "--port", &port.to_string()]);
    all.push(Candidate {
        name: "the same HTTP stack, storing nothing",
        command: stack,
        port,
    });
    let port = free_port()?;
    let mut node = Command::new("node");
    node.arg(&options.node)
        .env("PORT", port.to_string())
        .env("SECRET", SECRET)
        .env("DATABASE", fresh(&options.folder, "node.db")?);
    all.push(Candidate {
        name: "official Node library, SQLite",
        command: node,
        port,
    });
    let file = fresh(&options.folder, "intake.db")?;
    all.push(orderyard(options, "Orderyard, SQLite", &format!("sqlite://{file}"))?);
    if let Some(url) = postgres("bench_intake")? {
        all.push(orderyard(options, "Orderyard, PostgreSQL", &url)?);
    }
    Ok(all)
}

/// A server without workers, so that intake is all that it does.
fn orderyard(options: &Options, name: &'static str, database: &str) -> Result<Candidate, Failure> {
    let port = free_port()?;
    let mut command = Command::new(std::fs::canonicalize(&options.orderyard)?);
    command
        .arg("serve")
        .env_clear()
        .envs(settings(port, database))
        .env("ORDERYARD_ROLE", "web")
        .current_dir(&options.folder);
    Ok(Candidate { name, command, port })
}

/// What every server of the run is told.
pub fn settings(port: u16, database: &str) -> Vec<(&'static str, String)> {
    vec![
        ("SHOPIFY_API_KEY", "sandbox-client-id".to_owned()),
        ("SHOPIFY_API_SECRET", SECRET.to_owned()),
        ("SHOPIFY_APP_URL", format!("http://127.0.0.1:{port}")),
        ("DATABASE_URL", database.to_owned()),
        (
            "ENCRYPTION_KEY",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
        ),
        ("HOST", "127.0.0.1".to_owned()),
        ("PORT", port.to_string()),
        ("SUPPLIER_NETWORKS", "127.0.0.0/8".to_owned()),
        ("LOG", "warn".to_owned()),
    ]
}

/// An absolute path at which nothing is.
pub fn fresh(folder: &Path, name: &str) -> Result<String, Failure> {
    let path = std::fs::canonicalize(folder)?.join(name);
    for suffix in ["", "-wal", "-shm"] {
        // What a run before left, if it was cut off.
        drop(std::fs::remove_file(format!("{}{suffix}", path.display())));
    }
    Ok(path.display().to_string())
}

/// A new database on the server that the script started, if it did.
pub fn postgres(name: &str) -> Result<Option<String>, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the script that starts the server names it so")]
    let Ok(server) = std::env::var("ORDERYARD_TEST_POSTGRES") else {
        return Ok(None);
    };
    let made = Command::new("psql")
        .args([
            &server,
            "-qc",
            &format!("drop database if exists {name}"),
            "-c",
            &format!("create database {name}"),
        ])
        .status()?;
    if !made.success() {
        return Err(format!("the database {name} cannot be made").into());
    }
    let url = server.rsplit_once('/').ok_or("the server's address has no database")?.0;
    Ok(Some(format!("{url}/{name}")))
}

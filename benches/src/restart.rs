//! How soon a program serves again that finds a long inbox at its start: as after a night in which
//! no worker ran.
//!
//! The inbox is filled by SQL. Bodies are a few bytes, so that a million of them fit any disk; what is
//! read at a start does not depend on their size, since none is read before the first answer.

use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::{
    Failure, Options,
    fill::{drop_database, open},
    intake::{fresh, mib, postgres},
    load::{self, Requests},
    pipeline::{Suppliers, World},
    report::{RestartRow, Results},
};

/// Rows that one statement makes.
const AT_ONCE: u64 = 250_000;
const PATIENCE: Duration = Duration::from_mins(1);

pub async fn measure(options: &Options, results: &mut Results) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.folder)?;
    for name in ["restart, SQLite", "restart, PostgreSQL"] {
        if !options.wants(name) || options.waiting == 0 {
            continue;
        }
        let database = if name.ends_with("SQLite") {
            Some(format!("sqlite://{}", fresh(&options.folder, "restart.db")?))
        } else {
            postgres("bench_restart")?
        };
        if let Some(database) = database {
            results.restart.push(one(options, name, &database).await?);
            drop_database(&database)?;
        }
    }
    Ok(())
}

async fn one(options: &Options, name: &str, database: &str) -> Result<RestartRow, Failure> {
    eprintln!("bench: {name}, {} deliveries wait", options.waiting);
    let mut world = World::build(options, Suppliers::One, name, database).await?;
    world.stop_program();
    let before = fill(database, options.waiting).await?;
    let requests = Requests::new()?;
    let began = Instant::now();
    world.start_node(options, "all", &[]).await?;
    let listens = began.elapsed();
    until(began, "says that it is ready", async || {
        load::get(world.port(), "/readyz").await
    })
    .await?;
    let ready = began.elapsed();
    until(began, "takes a webhook", async || {
        load::one(world.port(), &requests).await
    })
    .await?;
    let taken = began.elapsed();
    // For a while longer, since the backlog is worked on beside what comes.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let peak = mib(world.usage()?.peak_kib);
    world.stop_program();
    let read = before.saturating_sub(unread(database).await?);
    Ok(RestartRow {
        name: name.trim_start_matches("restart, ").to_owned(),
        waiting: options.waiting,
        listens_ms: milliseconds(listens),
        ready_ms: milliseconds(ready),
        taken_ms: milliseconds(taken),
        read_in_five_seconds: read,
        peak_mib: peak,
    })
}

async fn until(began: Instant, what: &str, ask: impl AsyncFn() -> Result<u16, Failure>) -> Result<(), Failure> {
    while began.elapsed() < PATIENCE {
        if matches!(ask().await, Ok(200)) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Err(format!("the program never {what}").into())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Puts deliveries into the inbox that nobody has read; says how many are there.
async fn fill(database: &str, wanted: u64) -> Result<u64, Failure> {
    let db = open(database).await?;
    let insert = match db.get_database_backend() {
        DbBackend::Postgres => {
            "insert into deliveries (id, shop_domain, webhook_id, topic, api_version, body, received_at, status)
             select (lpad(to_hex(1700000000000 + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid,
               'bench0.myshopify.com', 'waits-' || lpad(n::text, 12, '0'), 'orders/create', '2026-10',
               '\\x00'::bytea || convert_to('{\"id\":' || (900000000000 + n) || '}', 'UTF8'), now(), 'received'
             from generate_series($FROM, $TO) as series (n)"
        }
        _ => {
            "insert into deliveries (id, shop_domain, webhook_id, topic, api_version, body, received_at, status)
             with recursive series (n) as (select $FROM union all select n + 1 from series where n < $TO)
             select unhex(printf('%012x70008000%012x', 1700000000000 + n, n)),
               'bench0.myshopify.com', printf('waits-%012d', n), 'orders/create', '2026-10',
               unhex('00' || hex('{\"id\":' || (900000000000 + n) || '}')), datetime('now') || '+00:00', 'received'
             from series"
        }
    };
    let mut from = 1;
    while from <= wanted {
        let to = wanted.min(from + AT_ONCE - 1);
        let insert = insert
            .replace("$FROM", &from.to_string())
            .replace("$TO", &to.to_string());
        db.execute_unprepared(&insert).await?;
        from = to + 1;
    }
    if db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared("vacuum analyze deliveries").await?;
    }
    db.close().await?;
    unread(database).await
}

async fn unread(database: &str) -> Result<u64, Failure> {
    let db = open(database).await?;
    let sql = "select count(*) from deliveries where status = 'received'";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await?.ok_or("no count")?;
    let count: i64 = row.try_get_by_index(0)?;
    db.close().await?;
    Ok(count.unsigned_abs())
}

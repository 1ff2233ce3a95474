//! What intake loses to other work in the same program, and that to intake: orders that go the whole way, people who
//! read the dashboard, and calls that come again.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use crate::{
    Failure, Options,
    fill::{drop_database, forget_unread},
    intake::{CONNECTIONS, fresh, mib, postgres},
    load::{self, Pace, Requests, Seen},
    pipeline::{FIRST_SHOP, Suppliers, World, share},
    report::{BesideRow, Results},
};

/// Orders that are there to be read.
const STORED: usize = 600;
/// Orders a second that go the whole way meanwhile.
const ORDERS: u16 = 20;
/// People who each open a page of orders once a second.
const READERS: u16 = 20;

/// As the dashboard's first page of orders asks.
const PAGE: &str = "query Orders($first: Int!) { orders(first: $first) { nodes {
  id name status reason createdAt total { amountMinor currency decimal } shipTo { name city countryCode }
  lines { id title quantity } } pageInfo { hasNextPage endCursor } } }";

/// What else the program does.
#[derive(Clone, Copy)]
enum Other {
    Nothing,
    /// All calls have ids that were taken before.
    Repetitions,
    Pages,
    /// What arrives is read by workers in the same process.
    Reading,
    Orders,
}

impl Other {
    const ALL: [Self; 5] = [
        Self::Nothing,
        Self::Repetitions,
        Self::Pages,
        Self::Reading,
        Self::Orders,
    ];

    fn name(self) -> String {
        match self {
            Self::Nothing => "nothing".to_owned(),
            Self::Repetitions => "nothing, ids that were taken before".to_owned(),
            Self::Reading => "workers that read the calls".to_owned(),
            Self::Orders => format!("such workers, and {ORDERS} orders a second"),
            Self::Pages => format!("{READERS} pages of orders a second"),
        }
    }

    /// Without workers where there is nothing for them, so that intake is all that is measured.
    const fn role(self) -> &'static str {
        match self {
            Self::Reading | Self::Orders => "all",
            Self::Nothing | Self::Repetitions | Self::Pages => "web",
        }
    }
}

pub async fn measure(options: &Options, results: &mut Results) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.folder)?;
    for name in ["beside, SQLite", "beside, PostgreSQL"] {
        if !options.wants(name) {
            continue;
        }
        let database = if name.ends_with("SQLite") {
            Some(format!("sqlite://{}", fresh(&options.folder, "beside.db")?))
        } else {
            postgres("bench_beside")?
        };
        let Some(database) = database else { continue };
        let mut world = World::build(options, Suppliers::One, name, &database).await?;
        world.play(STORED.min(options.orders)).await?;
        let token = world.api_token(options)?;
        world.stop_program();
        for other in Other::ALL {
            eprintln!("bench: {name}, {}", other.name());
            let row = one(options, &mut world, other, &token).await?;
            results.beside.push(BesideRow {
                name: name.trim_start_matches("beside, ").to_owned(),
                ..row
            });
            forget_unread(&database).await?;
        }
        drop(world);
        drop_database(&database)?;
    }
    Ok(())
}

async fn one(options: &Options, world: &mut World, other: Other, token: &str) -> Result<BesideRow, Failure> {
    world.start_node(options, other.role(), &[]).await?;
    let (full, _) = together(world, other, token, Pace::Full, options.duration()).await?;
    let half = Pace::PerSecond(full.per_second / 2.0);
    let (half, times) = together(world, other, token, half, options.duration()).await?;
    let peak_mib = mib(world.usage()?.peak_kib);
    world.stop_program();
    let of_other = |part| (!times.is_empty()).then(|| share(&times, part).as_secs_f64() * 1000.0);
    Ok(BesideRow {
        name: String::new(),
        beside: other.name(),
        per_second: full.per_second,
        p50_ms: full.p50.as_secs_f64() * 1000.0,
        p99_ms: full.p99.as_secs_f64() * 1000.0,
        p99_at_half_ms: half.p99.as_secs_f64() * 1000.0,
        other_p50_at_half_ms: of_other(0.5),
        other_p99_at_half_ms: of_other(0.99),
        refused: full.refused + half.refused,
        peak_mib,
    })
}

/// Sends webhooks for a while beside something else; with the times that took, sorted.
async fn together(
    world: &World,
    other: Other,
    token: &str,
    pace: Pace,
    last: Duration,
) -> Result<(Seen, Vec<Duration>), Failure> {
    let requests = match other {
        Other::Repetitions => Requests::repeated()?,
        // Of a shop that is there, so that workers have something to read.
        Other::Reading | Other::Orders => Requests::about_products(FIRST_SHOP)?,
        Other::Nothing | Other::Pages => Requests::new()?,
    };
    let calls = load::send(world.port(), requests, CONNECTIONS, pace, last);
    // As long as calls are sent, with what warms up.
    let until = last + load::warm_up(last);
    let work = async {
        match other {
            Other::Nothing | Other::Repetitions | Other::Reading => Ok(Vec::new()),
            Other::Orders => {
                let orders = until.as_secs_f64() * f64::from(ORDERS);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
                world.times(orders as usize, f64::from(ORDERS)).await
            }
            Other::Pages => pages(world.port(), token, until).await,
        }
    };
    let (seen, times) = tokio::join!(calls, work);
    Ok((seen?, times?))
}

/// How long each page took that people read for so long, sorted.
async fn pages(port: u16, token: &str, last: Duration) -> Result<Vec<Duration>, Failure> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
    let mut readers = JoinSet::new();
    for number in 0..READERS {
        let (client, token) = (client.clone(), token.to_owned());
        let later = Duration::from_secs(1) / u32::from(READERS) * u32::from(number);
        readers.spawn(async move { read(&client, port, &token, later, last).await });
    }
    let mut times = Vec::new();
    while let Some(reader) = readers.join_next().await {
        times.extend(reader??);
    }
    times.sort_unstable();
    Ok(times)
}

/// What one person does, who begins a little later than others.
async fn read(
    client: &reqwest::Client,
    port: u16,
    token: &str,
    later: Duration,
    last: Duration,
) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    let until = Instant::now() + last;
    tokio::time::sleep(later).await;
    let mut due = interval(Duration::from_secs(1));
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Instant::now() < until {
        due.tick().await;
        let began = Instant::now();
        read_page(client, port, token).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

async fn read_page(client: &reqwest::Client, port: u16, token: &str) -> Result<(), Failure> {
    let body = json!({ "query": PAGE, "variables": { "first": 25 } });
    let url = format!("http://127.0.0.1:{port}/graphql");
    let asked = client.post(url).bearer_auth(token).json(&body);
    let answer: serde_json::Value = asked.send().await?.error_for_status()?.json().await?;
    let rows = answer["data"]["orders"]["nodes"].as_array().map_or(0, Vec::len);
    if rows == 0 {
        return Err(format!("a page without orders: {answer}").into());
    }
    Ok(())
}

//! `orderyard replay`: has work that was given up, and deliveries that led nowhere, tried again.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::Args;
use webhooks::ShopDomain;

use super::{CommandError, since, start};
use crate::{
    actions::dead_letters::{Fate, decide_job, replay_delivery},
    app::App,
    domain::event::Actor,
    ids::{JobId, ShopId},
    store::{
        deliveries::{self, DeliveryStatus},
        jobs, shops,
    },
};

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// One shop; unless given, every shop, and what belongs to none.
    #[arg(long, value_name = "DOMAIN")]
    shop: Option<String>,
    /// One job, as the list names it.
    #[arg(long, value_name = "ID", conflicts_with_all = ["deliveries", "since"])]
    job: Option<String>,
    /// Deliveries that led nowhere (unreadable, contradicted, for unknown shops or orders), instead
    /// of jobs that were given up.
    #[arg(long)]
    deliveries: bool,
    /// Those that came since then: a date, a time, or how long ago, such as 36h or 7d.
    #[arg(long, value_name = "DATE|DURATION", requires = "deliveries")]
    since: Option<String>,
    /// Print the bodies of the deliveries, where they are kept.
    #[arg(long, requires = "deliveries")]
    show: bool,
    /// Only list them.
    #[arg(long)]
    dry_run: bool,
}

/// Rows in one go.
const AT_ONCE: u64 = 100;
/// What is listed unless `--since` says more.
const RECENT: TimeDelta = TimeDelta::days(7);

pub async fn run(args: ReplayArgs) -> Result<(), CommandError> {
    let app = start::app_unless_dry(args.dry_run).await?;
    let done = if args.deliveries {
        replay_deliveries(&app, &args).await
    } else {
        replay_jobs(&app, &args).await
    };
    app.db.clone().close().await?;
    let (count, what) = done?;
    println!(
        "{}",
        match (count, args.dry_run) {
            (0, _) => format!("No {what}."),
            (many, true) => format!("{many} {what}; nothing was changed."),
            (many, false) => format!("{many} {what} tried again."),
        }
    );
    Ok(())
}

type Done = (usize, &'static str);

async fn replay_jobs(app: &App, args: &ReplayArgs) -> Result<Done, CommandError> {
    const WHAT: &str = "jobs that were given up";
    let shop = match &args.shop {
        Some(domain) => Some(installed(app, domain).await?),
        None => None,
    };
    if let Some(id) = &args.job {
        let id: JobId = id.parse().map_err(|_| format!("--job: “{id}” is not a job's id"))?;
        let found = jobs::given_up::by_id(app.db.read(), shop, id).await?;
        let job = found.ok_or("--job: there is no such job among those that were given up")?;
        requeue(app, &job, args.dry_run).await?;
        return Ok((1, WHAT));
    }
    let (mut seen, mut count) = (None, 0);
    loop {
        let page = jobs::given_up::page(app.db.read(), shop, seen, AT_ONCE).await?;
        let Some(last) = page.last() else {
            return Ok((count, WHAT));
        };
        seen = Some(last.id);
        for job in &page {
            requeue(app, job, args.dry_run).await?;
        }
        count += page.len();
    }
}

async fn requeue(app: &App, job: &jobs::Model, dry_run: bool) -> Result<(), CommandError> {
    let shop = job.shop_id.map_or_else(|| "-".to_owned(), |shop| shop.to_string());
    let error: String = job.last_error.as_deref().unwrap_or("-").chars().take(120).collect();
    println!("{}  {}  shop {shop}  {} tries  {error}", job.id, job.name, job.attempts);
    if dry_run {
        return Ok(());
    }
    decide_job(app, job.shop_id, job.id, Fate::Requeue, &operator()).await?;
    Ok(())
}

fn operator() -> Actor {
    Actor::Staff("the operator".to_owned())
}

async fn replay_deliveries(app: &App, args: &ReplayArgs) -> Result<Done, CommandError> {
    let now = app.clock.now();
    let since = match &args.since {
        Some(text) => since::read("--since", text, now)?,
        None => now - RECENT,
    };
    // Any domain: deliveries for shops that are not here are the operator's.
    let domain = match &args.shop {
        Some(domain) => Some(ShopDomain::parse(domain).map_err(|error| format!("--shop: {error}"))?),
        None => None,
    };
    let domain = domain.as_ref().map(ShopDomain::as_str);
    let (mut seen, mut count) = (None, 0);
    loop {
        let page = deliveries::led_nowhere_since(app.db.read(), domain, since, seen, AT_ONCE).await?;
        let Some(last) = page.last() else {
            return Ok((count, "deliveries that led nowhere"));
        };
        seen = Some(last.id);
        for delivery in page {
            print(&delivery, args.show);
            count += 1;
            if !args.dry_run && delivery.body.is_some() {
                replay_delivery(app, None, delivery.id).await?;
            }
        }
    }
}

fn print(delivery: &deliveries::Model, show: bool) {
    let note = match (&delivery.body, delivery.status) {
        (None, _) => "its body is no longer kept",
        (_, DeliveryStatus::UnknownShop) => "no shop of this domain has installed the app",
        _ => delivery.note.as_deref().unwrap_or("-"),
    };
    println!(
        "{}  {}  {}  {}  {}  {}: {note}",
        delivery.id,
        time(delivery.received_at),
        delivery.shop_domain,
        delivery.topic,
        delivery.webhook_id,
        delivery.status,
    );
    if let (true, Some(body)) = (show, &delivery.body) {
        match body.unpack() {
            Ok(body) => println!("{}", String::from_utf8_lossy(&body)),
            Err(error) => println!("{error}"),
        }
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn installed(app: &App, domain: &str) -> Result<ShopId, CommandError> {
    let domain = ShopDomain::parse(domain).map_err(|error| format!("--shop: {error}"))?;
    let shop = shops::by_domain(app.db.read(), domain.as_str()).await?;
    Ok(shop.ok_or_else(|| format!("--shop: {domain} is not here"))?.id)
}

//! `orderyard reconcile`: compares shops with Shopify and their suppliers now, and prints what differs.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use webhooks::ShopDomain;

use super::{CommandError, since, start};
use crate::{
    actions::{
        reconcile_shop::{self, Look},
        repair::Repair,
    },
    app::App,
    domain::sweep::SweepOrigin,
    ids::ShopId,
    queue::JobError,
    store::{shops, sweeps::Model as Sweep},
};

#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// Compare what changed since then: a date, a time, or how long ago, such as 36h or 7d.
    /// Unless given: since the last comparison.
    #[arg(long, value_name = "DATE|DURATION")]
    since: Option<String>,
    /// One shop; unless given, every shop that has the app.
    #[arg(long, value_name = "DOMAIN")]
    shop: Option<String>,
    /// Only say what differs.
    #[arg(long)]
    dry_run: bool,
}

/// Shops that are looked up at once.
const AT_ONCE: u64 = 100;
/// The longest wait for a shop's API budget or an answer of Shopify's, in all, before it is left out.
const PATIENCE: Duration = Duration::from_mins(10);

pub async fn run(args: ReconcileArgs) -> Result<(), CommandError> {
    let app = start::app_unless_dry(args.dry_run).await?;
    let since = match &args.since {
        Some(text) => Some(since::read("--since", text, app.clock.now())?),
        None => None,
    };
    let done = match &args.shop {
        Some(domain) => {
            let domain = ShopDomain::parse(domain).map_err(|error| format!("--shop: {error}"))?;
            let shop = shops::by_domain(app.db.read(), domain.as_str()).await?;
            let shop = shop.ok_or_else(|| format!("--shop: {domain} has not installed the app"))?;
            one_shop(&app, shop.id, since, args.dry_run).await
        }
        None => every_shop(&app, since, args.dry_run).await,
    };
    app.db.clone().close().await?;
    done
}

async fn every_shop(app: &App, since: Option<DateTime<Utc>>, dry_run: bool) -> Result<(), CommandError> {
    let (mut seen, mut failed) = (None, 0);
    loop {
        let shops = shops::installed_after(app.db.read(), seen, AT_ONCE).await?;
        let Some(last) = shops.last() else { break };
        seen = Some(*last);
        for shop in shops {
            if let Err(error) = one_shop(app, shop, since, dry_run).await {
                eprintln!("{error}");
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        1 => Err("one shop could not be compared".into()),
        many => Err(format!("{many} shops could not be compared").into()),
    }
}

async fn one_shop(app: &App, id: ShopId, since: Option<DateTime<Utc>>, dry_run: bool) -> Result<(), CommandError> {
    let Some(shop) = shops::by_id(app.db.read(), id).await? else {
        return Ok(());
    };
    let now = app.clock.now();
    let since = since.unwrap_or_else(|| reconcile_shop::since_last(&shop, now));
    println!("{}, changes since {}", shop.domain, time(since));
    let mut sweep = if dry_run {
        Sweep::new(shop.id, SweepOrigin::Operator, since, now)
    } else {
        reconcile_shop::begin(app, &shop, SweepOrigin::Operator, since).await?
    };
    let (mut differences, mut asked, mut told) = (0, 0, BTreeSet::new());
    while sweep.ended_at.is_none() {
        let mut look = patiently(app, &shop, &sweep)
            .await
            .map_err(|error| format!("{}: {error}", shop.domain))?;
        // An order that is missing has fulfillment orders that are missing too.
        look.differences.retain(|difference| match difference.repair {
            Repair::Import(order) => told.insert(order),
            _ => true,
        });
        print(&look, differences == 0);
        differences += look.differences.len();
        asked += look.asked.len();
        let now = app.clock.now();
        if dry_run {
            reconcile_shop::advance(&mut sweep, look.seen, look.next, now);
        } else {
            let tx = app.db.begin().await?;
            sweep = reconcile_shop::write(&tx, sweep, look, now).await?;
            tx.commit().await?;
        }
    }
    println!("  {}", summary(&sweep, (differences, asked), dry_run));
    Ok(())
}

/// Looks at one page, and waits where Shopify or the shop's budget asks for it.
async fn patiently(app: &App, shop: &shops::Model, sweep: &Sweep) -> Result<Look, JobError> {
    let mut waited = Duration::ZERO;
    loop {
        let wait = match reconcile_shop::look(app, shop, sweep).await {
            Err(JobError::NotNow { after, .. }) if waited < PATIENCE => after,
            Err(JobError::Retry { after, .. }) if waited < PATIENCE => after.unwrap_or(Duration::from_secs(5)),
            done => return done,
        };
        tokio::time::sleep(wait).await;
        waited += wait.max(Duration::from_secs(1));
    }
}

fn print(look: &Look, is_first: bool) {
    if is_first && !look.differences.is_empty() {
        println!("  {:<20}  {:<24}  {:<20}  JOB", "DIFFERS", "WHAT", "SINCE");
    }
    for difference in &look.differences {
        println!(
            "  {:<20}  {:<24}  {:<20}  {}",
            difference.kind,
            difference.what,
            time(difference.since),
            difference.repair.name()
        );
    }
    for note in &look.notes {
        println!("  {note}");
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn summary(sweep: &Sweep, (differences, asked): (usize, usize), dry_run: bool) -> String {
    let mut looked = format!("{} changes at Shopify compared", sweep.seen);
    if asked > 0 {
        looked = format!("{looked}, suppliers asked about {asked} purchase orders");
    }
    match (differences, dry_run) {
        (0, _) => format!("{looked}: nothing differs."),
        (1, true) => format!("{looked}: one difference; nothing was enqueued."),
        (many, true) => format!("{looked}: {many} differences; nothing was enqueued."),
        (1, false) => format!("{looked}: one difference; its job is enqueued."),
        (many, false) => format!("{looked}: {many} differences; their jobs are enqueued."),
    }
}

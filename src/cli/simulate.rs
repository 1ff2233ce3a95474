//! `orderyard simulate`: what a draft would have made of past orders. Writes nothing.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;

use super::{CommandError, apply, since, start};
use crate::{
    actions::{
        apply_setup::{self, Drafted},
        what_if::{ChangedOrder, Comparison, MOST_ORDERS, Period, Way, WhatIf, never_in_force},
    },
    app::App,
    domain::{
        money::{Currency, Money},
        setup::Change,
    },
    routing::what_if::Tally,
    store::{shops, suppliers},
};

/// Parts of a draft without effect that are named one by one.
const MOST_NAMED: usize = 20;

#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// A setup file with what would be different: rules, routing, connections with their costs.
    /// It is not applied.
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// Orders placed since then: a date, a time, or how long ago, such as 36h or 30d.
    #[arg(long, value_name = "DATE|DURATION")]
    since: String,
    /// Orders placed before then; unless given, until now.
    #[arg(long, value_name = "DATE|DURATION")]
    until: Option<String>,
    /// One shop; unless given, the file's only one.
    #[arg(long, value_name = "DOMAIN")]
    shop: Option<String>,
    /// Print the orders that change as comma-separated values, and the summary to standard error.
    #[arg(long)]
    csv: bool,
}

pub async fn run(args: SimulateArgs) -> Result<(), CommandError> {
    let text = apply::read(&args.rules).map_err(|error| format!("{}: {error}", args.rules.display()))?;
    let app = start::app_to_look().await?;
    let done = simulate(&app, &args, &text).await;
    app.db.clone().close().await?;
    done
}

async fn simulate(app: &App, args: &SimulateArgs, text: &str) -> Result<(), CommandError> {
    let now = app.clock.now();
    let period = period(&args.since, args.until.as_deref(), now)?;
    let drafted = apply_setup::draft(app, text, args.shop.as_deref()).await;
    let Drafted {
        domain,
        draft,
        not_counted,
    } = drafted.map_err(|error| explained(&args.rules, &error))?;
    let shop = shops::by_domain(app.db.read(), &domain).await?;
    let shop = shop.ok_or_else(|| format!("{domain} has not installed the app"))?;
    let currency = shop.currency;
    for rule in never_in_force(&shop, &draft, period) {
        eprintln!("The draft's rule “{rule}” is not in force on any day of the period: it decides about no order.");
    }
    for told in told_not_counted(&not_counted) {
        eprintln!("{told}");
    }
    let mut what_if = WhatIf::begin(&app.db, shop, draft, period, now).await?;
    if args.csv {
        print(&header())?;
    }
    while let Some(changed) = what_if.next(&app.db).await? {
        for order in &changed {
            print(&if args.csv { record(order) } else { sentence(order) })?;
        }
        eprint!("\r{} orders", what_if.so_far.orders);
    }
    eprintln!();
    if let Some(told) = told_cut_off(&what_if.so_far) {
        eprintln!("{told}");
    }
    let told = summary(app, &what_if.so_far, currency).await?;
    if args.csv {
        eprint!("{told}");
    } else {
        print(&told)?;
    }
    Ok(())
}

/// What of the draft has no effect, some of it by name.
fn told_not_counted(changes: &[Change]) -> Vec<String> {
    if changes.is_empty() {
        return Vec::new();
    }
    let intro = "Orders are decided with the suppliers, offers and mappings of today. Not counted of the draft:";
    let mut told = vec![intro.to_owned()];
    told.extend(changes.iter().take(MOST_NAMED).map(|change| format!("  {change}")));
    if changes.len() > MOST_NAMED {
        told.push(format!("  and {} more", changes.len() - MOST_NAMED));
    }
    told
}

/// That orders are missing, where they are.
fn told_cut_off(done: &Comparison) -> Option<String> {
    done.cut_off.then(|| {
        format!(
            "The period has more orders than {MOST_ORDERS}, which is as many as one comparison takes in: those placed \
             last are not among these. Choose a shorter period."
        )
    })
}

fn period(since: &str, until: Option<&str>, now: DateTime<Utc>) -> Result<Period, String> {
    let period = Period {
        since: since::read("--since", since, now)?,
        until: until.map_or(Ok(now), |until| since::read("--until", until, now))?,
    };
    if period.since >= period.until {
        return Err("--until: this must be after --since".to_owned());
    }
    Ok(period)
}

/// A reader that stops reading is no mistake of ours.
fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end())
}

fn explained(file: &Path, error: &apply_setup::ApplyError) -> String {
    apply::explained(&file.display().to_string(), error)
}

const COLUMNS: [&str; 12] = [
    "order",
    "placed_at",
    "live_suppliers",
    "live_cost",
    "live_parcels",
    "live_days",
    "live_unserved",
    "draft_suppliers",
    "draft_cost",
    "draft_parcels",
    "draft_days",
    "draft_unserved",
];

fn header() -> String {
    COLUMNS.join(",")
}

fn record(order: &ChangedOrder) -> String {
    let mut fields = vec![order.name.clone(), time(order.placed_at)];
    for way in [&order.live, &order.draft] {
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        fields.push(way.suppliers.join("; "));
        fields.push(way.cost.map(Money::decimal).unwrap_or_default());
        fields.extend([number(way.parcels), number(way.days), way.unserved.to_string()]);
    }
    fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",")
}

/// By RFC 4180; what a spreadsheet would take for a formula is made text.
fn quoted(field: &str) -> String {
    let text = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{field}")
    } else {
        field.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn sentence(order: &ChangedOrder) -> String {
    let way = |way: &Way| {
        let who = match way.suppliers.as_slice() {
            [] => "nobody".to_owned(),
            names => names.join(" and "),
        };
        match way.cost {
            Some(cost) => format!("{who} for {cost}"),
            None => who,
        }
    };
    format!("  {:<12}  {} → {}", order.name, way(&order.live), way(&order.draft))
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

async fn summary(app: &App, done: &Comparison, currency: Currency) -> Result<String, CommandError> {
    let mut text = String::new();
    writeln!(text, "{} orders compared, {} change.", done.orders, done.changed)?;
    writeln!(text, "{:<28}  {:>16}  {:>16}", "", "LIVE", "DRAFT")?;
    let mut row = |name: &str, of: &dyn Fn(&Tally) -> String| {
        writeln!(text, "{name:<28}  {:>16}  {:>16}", of(&done.live), of(&done.draft))
    };
    let money = |minor| Money::new(minor, currency).to_string();
    row(&format!("cost of {} orders", done.compared), &|tally| {
        money(tally.cost_minor)
    })?;
    row("parcels", &|tally| tally.parcels.to_string())?;
    row("days, on average", &|tally| average(tally.days, tally.priced))?;
    row("orders not shipped in full", &|tally| tally.short.to_string())?;
    row("orders at an unknown cost", &|tally| tally.unpriced.to_string())?;
    let mut ids: Vec<_> = done
        .live
        .suppliers
        .keys()
        .chain(done.draft.suppliers.keys())
        .copied()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let names = suppliers::by_ids(app.db.read(), ids).await?;
    for supplier in names {
        row(&format!("pieces from {}", supplier.name), &|tally| {
            let pieces = tally.suppliers.get(&supplier.id).map_or(0, |part| part.pieces);
            pieces.to_string()
        })?;
    }
    Ok(text)
}

/// With one decimal.
fn average(sum: u64, count: u64) -> String {
    if count == 0 {
        return "–".to_owned();
    }
    let tenths = (sum * 10 + count / 2) / count;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stays_one_field_and_text_stays_text() {
        for (field, expect) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("a \"b\"", "\"a \"\"b\"\"\""),
            ("=1+1", "'=1+1"),
            ("-5", "'-5"),
        ] {
            assert_eq!(quoted(field), expect);
        }
    }

    #[test]
    fn a_period_ends_after_it_begins() {
        let now: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().expect("a time");
        let check = |since, until, expect: Result<i64, &str>| {
            let told = period(since, until, now).map(|period| (period.until - period.since).num_days());
            match expect {
                Ok(days) => assert_eq!(told, Ok(days)),
                Err(begins) => assert!(told.is_err_and(|text| text.starts_with(begins)), "{until:?}"),
            }
        };
        check("30d", Some("7d"), Ok(23));
        check("30d", None, Ok(30));
        check("7d", Some("30d"), Err("--until: this must be after"));
        check("7d", Some("7d"), Err("--until: this must be after"));
        check("7d", Some("yesterday"), Err("--until: “yesterday”"));
        check("soon", None, Err("--since: “soon”"));
    }

    #[test]
    fn orders_that_are_missing_are_told() {
        let done = |cut_off| Comparison {
            cut_off,
            ..Comparison::default()
        };
        assert_eq!(told_cut_off(&done(false)), None);
        assert!(told_cut_off(&done(true)).is_some_and(|told| told.contains("more orders than 200000")));
    }

    #[test]
    fn averages_have_one_decimal() {
        for (sum, count, expect) in [(0, 0, "–"), (10, 4, "2.5"), (10, 3, "3.3"), (11, 6, "1.8")] {
            assert_eq!(average(sum, count), expect);
        }
    }
}

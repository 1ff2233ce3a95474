//! `orderyard doctor`: looks at everything that a working installation needs, and says what is
//! wrong. Changes nothing, except that a token that is due is renewed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use clap::Args;
use sea_orm::DbBackend;

use super::{CommandError, start};
use crate::{
    actions::{read_setup::read_setup, record_security_event::SecurityEventKind, shop_access},
    app::App,
    config::Config,
    domain::shop::ShopStatus,
    ids::SupplierId,
    shopify::{cost, scopes::Scopes},
    store::{self, Schema},
};

/// How long the probe of a container waits for an answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(4);

/// The most jobs that were given up to be named; the newest ones.
const SHOWN_JOBS: u64 = 20;

/// Refused calls are told of for so long, and so many of them.
const REFUSED_SINCE: TimeDelta = TimeDelta::days(7);
const SHOWN_REFUSED: u64 = 20;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Only ask the server that runs beside it whether it is ready: for a container's health check.
    #[arg(long)]
    ready: bool,
}

pub async fn run(args: DoctorArgs) -> Result<(), CommandError> {
    if args.ready {
        return probe().await;
    }
    // Bad settings, a database that may forget or has an old schema, and a missing key end here, each with its message.
    let app = start::app_to_look().await?;
    let mut report = Report { wrong: 0 };
    examine(&app, &mut report).await?;
    app.db.clone().close().await?;
    match report.wrong {
        0 => Ok(()),
        1 => Err("one thing is wrong".into()),
        many => Err(format!("{many} things are wrong").into()),
    }
}

async fn probe() -> Result<(), CommandError> {
    let port = Config::from_environment()?.server.port;
    let client = reqwest::Client::builder().timeout(PROBE_TIMEOUT).no_proxy().build()?;
    let answer = client.get(format!("http://127.0.0.1:{port}/readyz")).send().await?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(format!("not ready: {}", answer.status()).into())
}

struct Report {
    wrong: u32,
}

impl Report {
    fn good(what: &str) {
        println!("ok     {what}");
    }

    fn scopes(&mut self, shop: &str, missing: &Scopes) {
        if missing.is_empty() {
            Self::good(&format!("{shop}: Shopify answers, and every scope is granted"));
        } else {
            let missing: Vec<&str> = missing.iter().collect();
            self.bad(&format!(
                "{shop}: not granted: {}; install the app again",
                missing.join(", ")
            ));
        }
    }

    fn bad(&mut self, what: &str) {
        self.wrong += 1;
        println!("WRONG  {what}");
    }
}

async fn examine(app: &App, report: &mut Report) -> Result<(), CommandError> {
    Report::good("the settings can be used");
    let database = match app.db.backend() {
        DbBackend::Sqlite => "SQLite",
        _ => "PostgreSQL",
    };
    let schema = match app.db.schema().await? {
        Schema::Newer => "is of a later release, with which this one works",
        Schema::Current | Schema::Older => "is current",
    };
    Report::good(&format!(
        "{database} answers, keeps what it acknowledges, and its schema {schema}"
    ));
    match read_setup(app.db.read(), &app.keyring, app.clock.now()).await {
        Ok(read) => Report::good(&format!("{} suppliers, and every secret opens", read.suppliers.len())),
        Err(error) => report.bad(&error.to_string()),
    }
    let given_up = store::jobs::given_up::page(app.db.read(), None, None, SHOWN_JOBS).await?;
    if given_up.is_empty() {
        Report::good("no job was given up");
    }
    for job in given_up {
        let why = job.last_error.unwrap_or_default();
        report.bad(&format!("a job was given up: {} of {}: {why}", job.name, job.id));
    }
    refused_calls(app, report).await?;
    outages(app, report).await?;
    shops(app, report).await
}

/// Signed calls that could not be kept: Shopify sends nothing like that, so something on the way changes calls.
async fn refused_calls(app: &App, report: &mut Report) -> Result<(), CommandError> {
    let kind = SecurityEventKind::IncompleteWebhook.as_str();
    let since = app.clock.now() - REFUSED_SINCE;
    let refused = store::security_events::newest(app.db.read(), kind, since, SHOWN_REFUSED).await?;
    if refused.is_empty() {
        Report::good("no signed webhook call was refused in the last seven days");
    }
    for event in refused {
        let at = event.at.to_rfc3339();
        report.bad(&format!(
            "a signed webhook call for {} was refused at {at}: {}; what it told is found by `orderyard reconcile`",
            event.subject, event.detail
        ));
    }
    Ok(())
}

/// Who fails again and again, and is left alone for now.
async fn outages(app: &App, report: &mut Report) -> Result<(), CommandError> {
    let open = store::circuits::open(app.db.read()).await?;
    if open.is_empty() {
        Report::good("no supplier and no shop is left alone because its calls fail");
    }
    for row in open {
        let at = |ms| DateTime::from_timestamp_millis(ms).unwrap_or_default().to_rfc3339();
        let since = at(row.opened_at_ms.unwrap_or_default());
        let name = match row.subject.strip_prefix("supplier:").and_then(|id| id.parse().ok()) {
            Some(id) => store::suppliers::by_id(app.db.read(), SupplierId(id)).await?,
            None => None,
        };
        let name = name.map_or(row.subject, |supplier| format!("supplier {}", supplier.key));
        let next = at(row.next_try_ms);
        report.bad(&format!(
            "{name} is left alone since {since}, next try {next}: {}",
            row.reason
        ));
    }
    Ok(())
}

/// Asks Shopify, with each shop's own token, what the app may do there.
async fn shops(app: &App, report: &mut Report) -> Result<(), CommandError> {
    let shops = store::shops::with_app(app.db.read()).await?;
    if shops.is_empty() {
        let url = app.config.shopify.app_url.join("auth/shopify")?;
        Report::good(&format!(
            "no shop has installed the app yet; begin at {url}?shop=NAME.myshopify.com"
        ));
    }
    let asked = Scopes::parse(&app.config.shopify.scopes.join(","));
    for shop in shops {
        let name = &shop.domain;
        if shop.status == ShopStatus::NeedsReconnect {
            report.bad(&format!("{name}: access has ended; its owner must open the app again"));
            continue;
        }
        let access = match shop_access::open(app, shop.id, cost::GRANTED_SCOPES).await {
            Ok(access) => access,
            Err(error) => {
                report.bad(&format!("{name}: {error}"));
                continue;
            }
        };
        match app.shopify.granted_scopes(&access.access()).await {
            Ok(granted) => report.scopes(name, &granted.data.missing(&asked)),
            Err(error) => report.bad(&format!("{name}: {error}")),
        }
    }
    Ok(())
}

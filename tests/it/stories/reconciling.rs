//! What no webhook told is found by comparing, and what stands still is moved on.

use rstest::rstest;
use sandbox::{Fault, HoldRequest, WebhookFault};
use sea_orm::{ConnectionTrait as _, Statement};

use super::shop::{Plot, Story};
use crate::harness::{Database, Orderyard, connect};

/// Every sweep of these stories is asked for.
const NEVER: &str = "86400";
/// Sweeps come by themselves, one after the other.
const ALWAYS: &str = "0.3";

async fn begin(database: Database, every: &str) -> Story {
    let plot = Plot {
        env: vec![("RECONCILE_SECONDS", every.to_owned())],
        ..Plot::default()
    };
    plot.begin(database).await
}

async fn sweep(story: &Story, more: &[&str]) -> String {
    let arguments = [&["reconcile", "--since", "1h"], more].concat();
    story.world.orderyard.command(&arguments).await
}

fn hold() -> HoldRequest {
    HoldRequest {
        reason: "OTHER".to_owned(),
        ..HoldRequest::default()
    }
}

/// The line of the table about one thing, without its time.
fn line(table: &str, what: &str) -> Vec<String> {
    let found = table.lines().find(|line| line.contains(what));
    let words = found.unwrap_or_default().split_whitespace();
    words.filter(|word| !word.contains('T')).map(str::to_owned).collect()
}

#[rstest]
#[tokio::test]
async fn an_order_whose_webhooks_never_came_is_bought(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database, ALWAYS).await;
    story.world.shopify.faults().add(Fault::any_webhook(WebhookFault::Drop));
    story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    // The next sweep may come before the import, and count it too.
    let counted = "select count(*) from sweeps where origin = 'timer' and orders_missing = 1";
    story
        .world
        .eventually("the sweep counted it", async || story.world.count(counted).await >= 1)
        .await;
    let swept = "select count(*) from shops where swept_until > installed_at";
    story
        .world
        .eventually("the shop is swept", async || story.world.count(swept).await == 1)
        .await;
    let asked = "{ shop { reconciliation { last { seen ordersMissing endedAt } repairedLast7Days } } }";
    let answer = story.world.graphql(asked, serde_json::json!({})).await;
    let repaired = &answer["shop"]["reconciliation"]["repairedLast7Days"];
    assert!(repaired.as_u64() >= Some(1), "{answer}");
    let metrics = story
        .world
        .http
        .get(story.world.url("/metrics"))
        .send()
        .await
        .expect("an answer");
    let metrics = metrics.text().await.expect("text");
    assert!(
        metrics.contains("orderyard_reconciled_total{kind=\"order_missing\"}"),
        "{metrics}"
    );
}

#[rstest]
#[tokio::test]
async fn a_dry_run_tells_and_changes_nothing(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = begin(database, NEVER).await;
    let known = story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    story.quiet().await;
    let faults = story.world.shopify.faults();
    faults.add(Fault::any_webhook(WebhookFault::Drop));
    let missing = story.order(&[("SHIRT", 1)]);
    // The order itself does not change when its fulfillment order is held, nor does anybody tell.
    let held = story.snapshot(known).fulfillment_orders[0].id;
    story.world.shop.hold(held, hold()).expect("holds");
    let (known, missing) = (story.snapshot(known).order.name, story.snapshot(missing).order.name);

    let table = sweep(&story, &["--dry-run"]).await;
    assert_eq!(
        line(&table, &missing),
        ["order_missing", missing.as_str(), "import_order"],
        "{table}"
    );
    assert!(table.contains(&known), "{table}");
    assert!(table.contains("2 differences; nothing was enqueued"), "{table}");
    let changed = "select (select count(*) from sweeps) + (select count(*) from jobs where name = 'import_order')";
    assert_eq!(story.world.count(changed).await, 0);

    let table = sweep(&story, &["--shop", "demo.myshopify.com"]).await;
    assert!(table.contains("2 differences; their jobs are enqueued"), "{table}");
    let in_line = "select count(*) from orders where exists
        (select 1 from fulfillment_orders where status = 'ON_HOLD')";
    story
        .world
        .eventually("both are in line", async || story.world.count(in_line).await == 2)
        .await;
    let table = sweep(&story, &["--dry-run"]).await;
    assert!(table.contains("nothing differs"), "{table}");
}

/// Nor does it bring the schema up to date, or make a database; and so does no command that only looks.
#[rstest]
#[tokio::test]
async fn what_only_looks_makes_no_schema(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let orderyard = Orderyard::untouched(database).await;
    let url = orderyard.database_url();
    let draft = orderyard.file("draft.yaml", "version: 1\n");
    for command in [
        &["reconcile", "--dry-run"][..],
        &["replay", "--dry-run"],
        &["doctor"],
        &["export"],
        &["mappings", "export", "--shop", "demo.myshopify.com"],
        &["simulate", "--rules", &draft, "--since", "1d"],
    ] {
        assert_eq!(orderyard.complaint(command).await, "");
        if database == Database::Sqlite {
            let file = url.trim_start_matches("sqlite://");
            assert!(!std::path::Path::new(file).exists(), "it made {file}");
        } else {
            let db = connect(url).await;
            let sql = "select count(*) from information_schema.tables where table_schema = 'public'";
            let statement = Statement::from_string(db.get_database_backend(), sql);
            let row = db.query_one_raw(statement).await.expect("a query").expect("a row");
            assert_eq!(row.try_get_by_index::<i64>(0).expect("a number"), 0);
            db.close().await.expect("closes");
        }
    }
}

/// A node of the next release has brought the schema up to date: this one goes on, and begins again.
#[rstest]
#[tokio::test]
async fn a_newer_schema_will_do(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let mut story = begin(database, NEVER).await;
    let later = "insert into seaql_migrations (version, applied_at) values ('m20991231_000001_later', 0)";
    story.world.execute(later).await;
    let ready = async || {
        let asked = story.world.http.get(story.world.url("/readyz")).send().await;
        asked.expect("an answer").status()
    };
    assert_eq!(ready().await, 200);
    let told = story.world.orderyard.command(&["doctor"]).await;
    assert!(told.contains("its schema is of a later release"), "{told}");
    story.world.orderyard.command(&["export"]).await;
    story.world.orderyard.stop().await;
    story.world.orderyard.start().await;
    let asked = story.world.http.get(story.world.url("/readyz")).send().await;
    assert_eq!(asked.expect("an answer").status(), 200);
}

/// Shopify takes subscriptions away after too many failed deliveries.
#[rstest]
#[tokio::test]
async fn a_subscription_that_is_gone_comes_back(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = begin(database, NEVER).await;
    let before = story.world.shop.subscriptions();
    story.world.shop.drop_subscription("ORDERS_CREATE");
    let table = sweep(&story, &[]).await;
    assert_eq!(
        line(&table, "orders/create"),
        ["subscription", "orders/create", "sync_shop"],
        "{table}"
    );
    story
        .world
        .eventually("it is subscribed again", async || {
            story.world.shop.subscriptions().len() == before.len()
        })
        .await;
}

/// A sweep longer than a page, killed while it writes the second one, goes on after the first.
#[rstest]
#[tokio::test]
async fn a_sweep_goes_on_after_a_crash(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let mut story = begin(database, NEVER).await;
    story.world.shopify.faults().add(Fault::any_webhook(WebhookFault::Drop));
    story.world.orderyard.stop().await;
    for _ in 0..120 {
        story.order(&[("MUG", 1)]);
    }
    story.world.orderyard.start_with(&[
        ("RECONCILE_SECONDS", ALWAYS),
        ("ORDERYARD_FAILPOINT", "reconcile.before_commit:8"),
    ]);
    story.world.orderyard.wait_for_end("the failpoint").await;
    let half = "select count(*) from sweeps where ended_at is null and seen = 100 and pages = 1 and after is not null";
    assert_eq!(story.world.count(half).await, 1);
    story.world.orderyard.start_with(&[("RECONCILE_SECONDS", NEVER)]);
    let whole = "select count(*) from sweeps where ended_at is not null and orders_missing = 120 and seen = 240";
    story
        .world
        .eventually("the sweep ends, and nothing is counted twice", async || {
            story.world.count(whole).await == 1
        })
        .await;
}

/// What a clock that is ahead calls swept is not: Shopify's own clock says how far a sweep looked.
#[rstest]
#[tokio::test]
async fn a_sweep_by_a_clock_that_was_ahead_leaves_nothing_out(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    const HOUR_MS: i64 = 3_600_000;
    let mut story = begin(database, ALWAYS).await;
    story.world.orderyard.stop().await;
    let ended = async || {
        story
            .world
            .count("select count(*) from sweeps where ended_at is not null")
            .await
    };
    let before = ended().await;
    let ahead = story.world.orderyard.node_with_clock("ahead", HOUR_MS).await;
    // The first may be one that was under way.
    story
        .world
        .eventually("it sweeps", async || ended().await >= before + 2)
        .await;
    ahead.kill().await;
    let missing = story.order(&[("MUG", 1)]);
    let name = story.snapshot(missing).order.name;
    let dry_run = ["reconcile", "--dry-run"];
    let table = story.world.orderyard.command(&dry_run).await;
    let found = line(&table, &name);
    assert_eq!(found.first().map(String::as_str), Some("order_missing"), "{table}");

    // As an earlier release wrote it.
    let later = "update shops set swept_until = '2099-01-01 00:00:00+00:00'";
    story.world.execute(later).await;
    let table = story.world.orderyard.command(&dry_run).await;
    let found = line(&table, &name);
    assert_eq!(found.first().map(String::as_str), Some("order_missing"), "{table}");
}

/// Each step's job is taken away: the books alone say that it is awaited.
#[rstest]
#[tokio::test]
async fn what_stands_still_is_moved_on(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let mut story = begin(database, NEVER).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;

    // A placing whose answer was never written, and whose job is gone.
    story.world.orderyard.stop().await;
    story
        .world
        .execute("update purchase_orders set status = 'placing', placed_at = null")
        .await;
    story
        .world
        .execute("update intents set outcome = 'unknown', settled_at = null where kind = 'place_purchase_order'")
        .await;
    backdate(&story).await;
    story.world.orderyard.start().await;
    let table = sweep(&story, &[]).await;
    assert!(table.contains("place_purchase_order"), "{table}");
    let standing = "select count(*) from purchase_orders where status = 'placed'";
    story
        .world
        .eventually("it was settled", async || story.world.count(standing).await == 1)
        .await;
    assert_eq!(
        story.world.supplier("north").orders().len(),
        1,
        "asked again under the same key"
    );

    // A parcel that nobody pushes.
    story.world.orderyard.stop().await;
    story.world.orderyard.start_with(&[("ORDERYARD_ROLE", "web")]);
    story.world.orderyard.wait_until_ready().await;
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "S-1").await.expect("ships");
    story
        .world
        .execute("delete from jobs where name = 'push_fulfillment'")
        .await;
    backdate(&story).await;
    story.world.orderyard.stop().await;
    story.world.orderyard.start().await;
    let table = sweep(&story, &[]).await;
    assert!(table.contains("push_fulfillment"), "{table}");
    story.fulfillments(order, 1).await;
    story
        .world
        .eventually("nothing stands still any more", async || {
            sweep(&story, &["--dry-run"]).await.contains("nothing differs")
        })
        .await;
}

async fn backdate(story: &Story) {
    let long_ago = "'2026-01-01 00:00:00+00:00'";
    for sql in [
        format!("update purchase_orders set updated_at = {long_ago}"),
        format!("update intents set created_at = {long_ago}, called_at = {long_ago}"),
        format!("update shipments set created_at = {long_ago}"),
    ] {
        story.world.execute(&sql).await;
    }
}

//! What waits, and what is given up, while Shopify or a shop cannot be reached.

use rstest::rstest;
use sandbox::{AnswerFault, Behaviour, Fault, SupplierFault};

use super::shop::{Plot, Story};
use crate::harness::Database;

/// What each order's page says could not be done yet, as `name: reason`.
async fn delayed(story: &Story) -> Vec<String> {
    let asked = "{ orders(first: 50) { nodes { delayedWork { name reason since nextTryAt } } } }";
    let answer = story.world.graphql(asked, serde_json::json!({})).await;
    let orders = answer["orders"]["nodes"].as_array().expect("a list").clone();
    let told = |work: &serde_json::Value| {
        assert!(work["since"].is_string(), "{work}");
        let [name, reason] = [&work["name"], &work["reason"]].map(|text| text.as_str().expect("a text"));
        format!("{name}: {reason}")
    };
    let each = orders
        .iter()
        .map(|order| order["delayedWork"].as_array().expect("a list"));
    each.flatten().map(told).collect()
}

/// Shopify is away for longer than the schedule of tries lasts.
#[rstest]
#[tokio::test]
async fn work_that_is_given_up_is_put_before_a_person_who_can_have_it_tried_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    let faults = story.world.shopify.faults();
    let fault = faults.add(Fault::any_graphql(AnswerFault::ErrorBefore { status: 500 }));
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "G-1").await.expect("ships");
    let asked = "select count(*) from exceptions e join orders o on o.id = e.order_id
        where e.kind = 'job_failed' and e.status = 'open' and o.status = 'needs_attention'";
    story
        .world
        .eventually("a person is asked", async || story.world.count(asked).await == 1)
        .await;
    assert!(story.snapshot(order).fulfillments.is_empty());
    faults.remove(fault);
    story
        .world
        .decide("JOB_FAILED", "retryException(exceptionId: \"{id}\")")
        .await;
    story.fulfillments(order, 1).await;
}

/// While the owner has not opened the app again nothing is tried, and nothing is lost.
#[rstest]
#[tokio::test]
async fn parcels_of_the_time_without_a_connection_arrive_after_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    story.world.shop.expire_access_tokens();
    story.world.shop.expire_refresh_tokens();
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "C-1").await.expect("ships");
    let parked = "select count(*) from jobs where name = 'push_fulfillment' and state = 'ready'
        and last_error like '%open the app again%'";
    story
        .world
        .eventually("the push waits for the owner", async || {
            story.world.count(parked).await == 1
        })
        .await;
    let told = delayed(&story).await;
    assert!(
        told[0].starts_with("push_fulfillment: ") && told[0].contains("open the app again"),
        "{told:?}"
    );
    story.world.install().await;
    story.fulfillments(order, 1).await;
}

/// A parcel waits behind the breaker of its shop, and its order says so.
#[rstest]
#[tokio::test]
async fn an_order_says_what_waits_for_shopify(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.05,0.05,0.05,600")
        .env("CIRCUIT_FAILURES", "3")
        .env("CIRCUIT_PAUSE_SECONDS", "600")
        .begin(database)
        .await;
    let order = story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story.quiet().await;
    assert!(delayed(&story).await.is_empty());
    let faults = story.world.shopify.faults();
    let fault = faults.add(Fault::any_graphql(AnswerFault::ErrorBefore { status: 500 }));
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "O-1").await.expect("ships");
    let parked = "select count(*) from jobs where name = 'push_fulfillment' and state = 'ready'
        and parked_for like 'shop:%'";
    story
        .world
        .eventually("the parcel waits", async || story.world.count(parked).await == 1)
        .await;
    let told = delayed(&story).await;
    let waits = "push_fulfillment: Shopify's API of the shop is left alone for now";
    assert!(told.len() == 1 && told[0].starts_with(waits), "{told:?}");
    assert_eq!(story.world.count("select count(*) from exceptions").await, 0);
    faults.remove(fault);
    story.world.execute("update circuits set next_try_ms = 0").await;
    let now = "update jobs set run_at_ms = 0 where parked_for is not null";
    story.world.execute(now).await;
    story.fulfillments(order, 1).await;
    story.quiet().await;
    assert!(delayed(&story).await.is_empty());
}

/// The order was never read: there is nothing yet to hang the exception on but the shop.
#[rstest]
#[tokio::test]
async fn an_order_that_could_never_be_read_is_put_before_a_person_too(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let faults = story.world.shopify.faults();
    let fault = faults.add(Fault::any_graphql(AnswerFault::ErrorBefore { status: 500 }));
    story.order(&[("MUG", 1)]);
    let asked = "select count(*) from exceptions where kind = 'job_failed' and status = 'open' and order_id is null";
    story
        .world
        .eventually("a person is asked", async || story.world.count(asked).await == 1)
        .await;
    faults.remove(fault);
    let query = "{ exceptions(filter: { status: OPEN, kind: JOB_FAILED }) { nodes { id } } }";
    let open = story.world.graphql(query, serde_json::json!({})).await;
    // Another webhook of the order may have had it read before the person decides.
    if let Some(id) = open["exceptions"]["nodes"][0]["id"].as_str() {
        let retry = format!("mutation {{ retryException(exceptionId: \"{id}\") {{ problems {{ code }} }} }}");
        let answer = story.world.graphql(&retry, serde_json::json!({})).await;
        let problems = answer["retryException"]["problems"].as_array().expect("a list");
        assert!(
            problems.iter().all(|problem| problem["code"] == "ALREADY_DONE"),
            "{answer}"
        );
    }
    story.purchase_order("north").await;
    story
        .world
        .eventually("nobody is asked any more", async || story.world.count(asked).await == 0)
        .await;
}

/// A supplier that fails more often than there are tries, but not for as long as the schedule of them lasts.
#[rstest]
#[tokio::test]
async fn a_supplier_that_fails_is_left_alone_and_nothing_is_given_up(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.05,0.05,0.05,600")
        .env("CIRCUIT_FAILURES", "3")
        // Longer than a busy machine may take from one try to the next.
        .env("CIRCUIT_PAUSE_SECONDS", "1")
        .begin(database)
        .await;
    let north = story.world.supplier("north");
    for _ in 0..6 {
        north.add_fault(SupplierFault::Error { status: 500 });
    }
    let order = story.order(&[("MUG", 1)]);
    let parked = "select count(*) from jobs where name = 'place_purchase_order' and attempts = 0
        and last_error like 'North is left alone for now%'";
    story
        .world
        .eventually("the purchase order waits", async || {
            story.world.count(parked).await == 1
        })
        .await;
    let outages = "{ suppliers { nodes { key outage { since reason nextTryAt } } } }";
    let answer = story.world.graphql(outages, serde_json::json!({})).await;
    let of = |answer: &serde_json::Value, key: &str| {
        let nodes = answer["suppliers"]["nodes"].as_array().expect("a list").clone();
        let node = nodes.into_iter().find(|node| node["key"] == key).expect(key);
        node["outage"].clone()
    };
    assert!(
        of(&answer, "north")["reason"]
            .as_str()
            .is_some_and(|why| why.contains("500")),
        "{answer}"
    );
    assert!(of(&answer, "east").is_null(), "{answer}");

    story.purchase_order("north").await;
    story.quiet().await;
    let answer = story.world.graphql(outages, serde_json::json!({})).await;
    assert!(of(&answer, "north").is_null(), "{answer}");
    assert_eq!(story.world.count("select count(*) from circuits").await, 0);
    assert_eq!(story.world.count("select count(*) from exceptions").await, 0);
    assert_eq!(story.snapshot(order).fulfillments.len(), 0);
}

/// What was parked while a supplier was away does not wait for the end of its own pause once it is back.
#[rstest]
#[tokio::test]
async fn what_waited_for_a_supplier_goes_on_when_it_is_back(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.05,0.05,0.05,600")
        .env("CIRCUIT_FAILURES", "3")
        .env("CIRCUIT_PAUSE_SECONDS", "600")
        .begin(database)
        .await;
    let north = story.world.supplier("north");
    for _ in 0..50 {
        north.add_fault(SupplierFault::Error { status: 500 });
    }
    let orders: Vec<i64> = (0..12).map(|_| story.order(&[("MUG", 1)])).collect();
    let parked = "select count(*) from jobs where name = 'place_purchase_order' and parked_for is not null
        and state = 'ready'";
    let all = i64::try_from(orders.len()).expect("few");
    story
        .world
        .eventually("everything waits", async || story.world.count(parked).await == all)
        .await;
    let told = delayed(&story).await;
    let waits = |told: &String| told.starts_with("place_purchase_order: North is left alone for now");
    assert!(told.len() == orders.len() && told.iter().all(waits), "{told:?}");
    let told = story.world.orderyard.complaint(&["doctor"]).await;
    assert!(told.contains("supplier north is left alone since"), "{told}");
    north.set_behaviour(Behaviour::manual());
    // The pause is over, and one of them finds out.
    story.world.execute("update circuits set next_try_ms = 0").await;
    let one = "update jobs set run_at_ms = 0 where id in (select id from jobs where parked_for is not null limit 1)";
    story.world.execute(one).await;
    story
        .world
        .eventually("all are placed", async || north.orders().len() == orders.len())
        .await;
    story.quiet().await;
    assert_eq!(story.world.count("select count(*) from circuits").await, 0);
    assert_eq!(story.world.count("select count(*) from exceptions").await, 0);
}

/// One of those that wait for North finds out whether it may be called again.
async fn one_tries(story: &Story) {
    story.world.execute("update circuits set next_try_ms = 0").await;
    let one = "update jobs set run_at_ms = 0 where id in
        (select id from jobs where parked_for is not null and state = 'ready' limit 1)";
    story.world.execute(one).await;
}

fn asks_for_patience() -> Behaviour {
    Behaviour {
        faults: vec![SupplierFault::Busy { retry_after_s: 900 }; 50],
        ..Behaviour::manual()
    }
}

/// North takes so many orders a minute: what waits for it does not knock one after the other, and that it is
/// told to wait more often than there are tries refuses nothing.
#[rstest]
#[tokio::test]
async fn a_supplier_that_asks_for_patience_is_called_by_one_at_a_time_and_takes_everything(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        north: asks_for_patience(),
        ..Plot::default()
    };
    let story = plot.env("JOB_RETRY_SECONDS", "0.05,0.05,600").begin(database).await;
    let north = story.world.supplier("north");
    let parked = "select count(*) from jobs where name = 'place_purchase_order' and parked_for is not null
        and state = 'ready' and attempts = 0 and run_at_ms > 0";
    let parked = async |what: &str, all: i64| {
        let waits = async || story.world.count(parked).await == all;
        story.world.eventually(what, waits).await;
    };
    story.order(&[("MUG", 1)]);
    parked("the first one waits", 1).await;
    for _ in 1..12 {
        story.order(&[("MUG", 1)]);
    }
    parked("everything waits", 12).await;
    assert_eq!(north.call_count(), 1, "nobody else knocks");
    for round in 2..8 {
        one_tries(&story).await;
        let called = async || north.call_count() == round;
        story.world.eventually("it is asked again", called).await;
        parked("everything waits again", 12).await;
    }
    assert_eq!(north.call_count(), 7, "one of them each time");
    let told = delayed(&story).await;
    let waits = |told: &String| told.contains("North is left alone for now, since they ask for patience");
    assert!(told.len() == 12 && told.iter().all(waits), "{told:?}");
    north.set_behaviour(Behaviour::manual());
    one_tries(&story).await;
    let all = async || north.orders().len() == 12;
    story.world.eventually("all are placed", all).await;
    story.quiet().await;
    assert_eq!(north.call_count(), 7 + 12);
    assert_eq!(story.world.count("select count(*) from circuits").await, 0);
    assert_eq!(story.world.count("select count(*) from exceptions").await, 0);
}

/// Nor is it said of a cancellation that it was refused.
#[rstest]
#[tokio::test]
async fn a_supplier_that_asks_for_patience_is_asked_to_cancel_in_the_end(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.05,0.05,600")
        .begin(database)
        .await;
    let order = story.order(&[("MUG", 1)]);
    story.purchase_order("north").await;
    story.quiet().await;
    let north = story.world.supplier("north");
    let before = north.call_count();
    north.set_behaviour(asks_for_patience());
    let cancel = sandbox::CancelRequest::default();
    story.world.shop.cancel_order(order, &cancel).expect("cancels");
    let parked = "select count(*) from jobs where name = 'cancel_purchase_order' and parked_for is not null
        and state = 'ready' and attempts = 0 and run_at_ms > 0";
    for round in 1..6 {
        let waits = async || north.call_count() == before + round && story.world.count(parked).await == 1;
        story.world.eventually("it waits", waits).await;
        if round < 5 {
            one_tries(&story).await;
        }
    }
    north.set_behaviour(Behaviour::manual());
    one_tries(&story).await;
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    let ended = async || story.world.count(cancelled).await == 1;
    story.world.eventually("it is cancelled", ended).await;
    story.quiet().await;
    let told = "select count(*) from exceptions where kind in ('cancel_refused', 'supplier_silent')";
    assert_eq!(story.world.count(told).await, 0);
}

/// Shopify is away for longer than the schedule of tries lasts, and the order arrives all the same.
#[rstest]
#[tokio::test]
async fn a_shop_that_cannot_be_reached_is_left_alone_and_nothing_is_given_up(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.05,0.05,0.05")
        .env("CIRCUIT_FAILURES", "3")
        .env("CIRCUIT_PAUSE_SECONDS", "0.2")
        .begin(database)
        .await;
    let faults = story.world.shopify.faults();
    let fault = faults.add(Fault::any_graphql(AnswerFault::ErrorBefore { status: 500 }));
    story.order(&[("MUG", 1)]);
    let tried = "select cast(coalesce(max(failures), 0) as bigint) from circuits where subject like 'shop:%'";
    story
        .world
        .eventually("more calls than tries have failed", async || {
            story.world.count(tried).await > 5
        })
        .await;
    let outage = async || {
        let asked = "{ viewer { shop { outage { since reason } } } }";
        story.world.graphql(asked, serde_json::json!({})).await["viewer"]["shop"]["outage"].clone()
    };
    assert!(outage().await["reason"].is_string(), "its owner sees why nothing moves");
    faults.remove(fault);
    story.purchase_order("north").await;
    assert_eq!(story.world.count("select count(*) from exceptions").await, 0);
    assert_eq!(outage().await, serde_json::Value::Null);
}

/// North fails for good; who is asked for mugs after it is East.
async fn north_is_away(database: Database) -> Story {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    plot.env("JOB_RETRY_SECONDS", "0.05,0.05,0.05")
        .env("CIRCUIT_FAILURES", "3")
        .env("CIRCUIT_PAUSE_SECONDS", "600")
        .begin(database)
        .await
}

fn fail(story: &Story) {
    for _ in 0..50 {
        story
            .world
            .supplier("north")
            .add_fault(SupplierFault::Error { status: 500 });
    }
}

const SILENT: &str = "select count(*) from exceptions e join orders o on o.id = e.order_id
    where e.kind = 'supplier_silent' and e.status = 'open' and o.status = 'needs_attention'";

/// What waits looks again and again whether it may go on, until the schedule of tries would be over.
async fn until_a_person_is_asked(story: &Story) {
    let asked = async || {
        let again = "update jobs set run_at_ms = 0 where parked_for is not null and state = 'ready'";
        story.world.execute(again).await;
        story.world.count(SILENT).await == 1
    };
    story.world.eventually("a person is asked", asked).await;
    let parked = "select count(*) from jobs where parked_for is not null and state = 'ready' and run_at_ms > 0";
    story
        .world
        .eventually("it goes on waiting", async || story.world.count(parked).await == 1)
        .await;
}

async fn north_is_back(story: &Story) {
    story.world.supplier("north").set_behaviour(Behaviour::manual());
    story.world.execute("update circuits set next_try_ms = 0").await;
    let now = "update jobs set run_at_ms = 0 where parked_for is not null";
    story.world.execute(now).await;
}

#[rstest]
#[tokio::test]
async fn what_waits_for_a_supplier_that_stays_away_can_go_to_another(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = north_is_away(database).await;
    fail(&story);
    story.order(&[("MUG", 1)]);
    until_a_person_is_asked(&story).await;
    let elsewhere = "settleUnknown(exceptionId: \"{id}\", placed: false)";
    story.world.decide("SUPPLIER_SILENT", elsewhere).await;
    story.purchase_order("east").await;
    north_is_back(&story).await;
    story.quiet().await;
    assert!(story.world.supplier("north").orders().is_empty(), "it is East's now");
    assert_eq!(
        story
            .world
            .count("select count(*) from exceptions where status = 'open'")
            .await,
        0
    );
}

#[rstest]
#[tokio::test]
async fn a_supplier_that_is_back_after_people_were_told_gets_what_waited(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = north_is_away(database).await;
    fail(&story);
    let order = story.order(&[("MUG", 1)]);
    until_a_person_is_asked(&story).await;
    north_is_back(&story).await;
    story.purchase_order("north").await;
    story.quiet().await;
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(story.world.count(open).await, 0);

    // Nor does it hear that it is to be cancelled, until it is back again.
    fail(&story);
    let cancel = sandbox::CancelRequest::default();
    story.world.shop.cancel_order(order, &cancel).expect("cancels");
    until_a_person_is_asked(&story).await;
    north_is_back(&story).await;
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    story
        .world
        .eventually("it is cancelled", async || story.world.count(cancelled).await == 1)
        .await;
    story.quiet().await;
    assert_eq!(story.world.count(open).await, 0);
    assert!(story.world.supplier("north").orders()[0].cancelled);
}

/// What it may have taken stays in doubt while it asks for patience, however often, and is settled afterwards.
#[rstest]
#[tokio::test]
async fn an_answer_that_was_lost_is_settled_when_a_busy_supplier_takes_calls_again(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut north = asks_for_patience();
    north.faults.insert(0, SupplierFault::LostAnswer);
    let plot = Plot {
        north,
        ..Plot::default()
    };
    let story = plot.env("JOB_RETRY_SECONDS", "0.05,0.05,600").begin(database).await;
    story.order(&[("MUG", 1)]);
    let north = story.world.supplier("north");
    let in_doubt = "select count(*) from jobs j, intents i where j.name = 'place_purchase_order'
        and j.parked_for is not null and j.state = 'ready' and j.attempts = 0 and j.run_at_ms > 0
        and i.kind = 'place_purchase_order' and i.outcome = 'unknown'";
    for calls in 2..8 {
        let waits = async || north.call_count() == calls && story.world.count(in_doubt).await == 1;
        story.world.eventually("it waits", waits).await;
        if calls < 7 {
            one_tries(&story).await;
        }
    }
    north.set_behaviour(Behaviour::manual());
    one_tries(&story).await;
    story.quiet().await;
    assert_eq!(north.orders().len(), 1, "taken once");
    let settled = "select count(*) from intents where kind = 'place_purchase_order' and outcome = 'done'";
    assert_eq!(story.world.count(settled).await, 1);
    assert_eq!(story.world.count("select count(*) from exceptions").await, 0);
}

/// It asks for patience again and again, for longer than the schedule of tries lasts.
#[rstest]
#[tokio::test]
async fn people_are_told_of_what_waits_for_a_supplier_that_stays_busy(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = north_is_away(database).await;
    story.world.supplier("north").set_behaviour(asks_for_patience());
    story.order(&[("MUG", 1)]);
    until_a_person_is_asked(&story).await;
    assert_eq!(story.world.supplier("north").call_count(), 1);
    north_is_back(&story).await;
    story.purchase_order("north").await;
    story.quiet().await;
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(story.world.count(open).await, 0);
}

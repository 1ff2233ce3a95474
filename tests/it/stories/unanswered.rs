//! Suppliers who do not answer in time: what they had is asked back and goes to somebody else.

use rstest::rstest;
use sandbox::{Acknowledge, Behaviour, Cancellation};
use serde_json::json;

use super::{
    by_hand::{history, problems, the_order},
    shop::Plot,
};
use crate::harness::Database;

/// North answers nothing by itself, and East has mugs too.
fn silent_north() -> Plot {
    Plot {
        north: Behaviour {
            acknowledge: Acknowledge::Never,
            cancellation: Cancellation::Never,
            ..Behaviour::manual()
        },
        mug_at_east: true,
        ..Plot::default()
    }
}

#[rstest]
#[tokio::test]
async fn who_does_not_answer_in_time_is_asked_back_and_left_out(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = silent_north().begin(database).await;
    let north = "{ suppliers { nodes { id key } } }";
    let answer = story.world.graphql(north, json!({})).await;
    let all = answer["suppliers"]["nodes"].as_array().expect("a list").clone();
    let id = &all.iter().find(|supplier| supplier["key"] == "north").expect("north")["id"];
    let call = format!("connectSupplier(supplierId: {id}, input: {{ answerHours: 24 }})");
    assert_eq!(problems(&story, &call).await, json!([]));
    story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("north").await;
    story
        .waits_for(
            "it is placed",
            "select count(*) from purchase_orders where status = 'placed'",
            1,
        )
        .await;
    // A day and an hour later.
    let then = "'2020-01-01T00:00:00+00:00'";
    let long_ago = &format!("update purchase_orders set created_at = {then}, placed_at = {then}");
    story.world.execute(long_ago).await;
    story
        .world
        .execute("update schedules set next_run_ms = 0 where name = 'chase_silence'")
        .await;
    let asked = "select count(*) from exceptions where kind = 'supplier_silent' and status = 'open'";
    story.waits_for("a person is told", asked, 1).await;
    story
        .waits_for(
            "North is asked",
            "select count(*) from purchase_orders where status = 'cancel_requested'",
            1,
        )
        .await;
    assert!(
        story.world.supplier("east").orders().is_empty(),
        "North may still ship it"
    );
    let north = story.world.supplier("north");
    north
        .answer_cancellation(&placed.number, true, None)
        .await
        .expect("agrees");
    story.purchase_order("east").await;
    story.waits_for("nobody needs to be asked", asked, 0).await;
    story.quiet().await;
    assert_eq!(north.orders().len(), 1, "North is left out");
    assert!(history(&the_order(&story).await).contains("has not answered"));
    let page = story.page().await;
    assert!(
        page.contains("North was asked for this line before, and does not ship it"),
        "{page}"
    );
}

/// The order that would come first cannot be read: the other supplier's silence is noticed all the same.
#[rstest]
#[tokio::test]
async fn silence_about_others_is_noticed_when_an_order_cannot_be_read(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        with_north: ", answer_hours: 24",
        ..silent_north()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 1)]);
    story.order(&[("SHIRT", 1)]);
    let placed = "select count(*) from purchase_orders where status = 'placed'";
    story.waits_for("both are placed", placed, 2).await;
    story.quiet().await;
    let broken = "select id from orders where name = (select min(name) from orders)";
    let spoil = format!("update orders set currency = '???' where id = ({broken})");
    story.world.execute(&spoil).await;
    for (of, year) in [("=", 2019), ("<>", 2020)] {
        let then = format!("'{year}-01-01T00:00:00+00:00'");
        let long_ago = format!(
            "update purchase_orders set created_at = {then}, placed_at = {then} where order_id {of} ({broken})"
        );
        story.world.execute(&long_ago).await;
    }
    let now = "update schedules set next_run_ms = 0 where name = 'chase_silence'";
    story.world.execute(now).await;
    let asked = "select count(*) from exceptions where kind = 'supplier_silent' and status = 'open'";
    story.waits_for("a person is told", asked, 1).await;
}

/// North ships one line and says nothing about the other.
#[rstest]
#[tokio::test]
async fn what_is_left_unanswered_of_a_purchase_order_goes_to_somebody_else(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        with_north: ", answer_hours: 24",
        ..silent_north()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 2), ("SHIRT", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    let with = |status: &str| format!("select count(*) from purchase_orders where status = '{status}'");
    story.waits_for("North has it", &with("placed"), 1).await;
    let shirt = north.ship(&placed.number, &[("N-SHIRT", 1)], "DHL", "N-1").await;
    shirt.expect("is reported");
    story.waits_for("a part has left", &with("partly_shipped"), 1).await;
    let waits = "select count(*) from jobs where name = 'chase_rest'";
    assert_eq!(story.world.count(waits).await, 1, "the rest has its time");
    let long_ago = "update purchase_orders set placed_at = '2020-01-01T00:00:00+00:00'";
    story.world.execute(long_ago).await;
    let now = "update jobs set run_at_ms = 0 where name = 'chase_rest'";
    story.world.execute(now).await;
    let asked = "select count(*) from exceptions where kind = 'supplier_silent' and status = 'open'";
    story.waits_for("a person is told", asked, 1).await;
    story.waits_for("North is asked", &with("cancel_requested"), 1).await;
    let agreed = north.answer_cancellation(&placed.number, true, None).await;
    agreed.expect("agrees");
    let second = story.purchase_order("east").await;
    let units: Vec<u32> = second.open_units().into_iter().map(|(_, units)| units).collect();
    assert_eq!(units, [2], "the mugs alone");
    story.waits_for("nobody needs to be asked", asked, 0).await;
    story.quiet().await;
    assert_eq!(north.orders().len(), 1, "North is left out");
    assert!(history(&the_order(&story).await).contains("has not answered a part of"));
}

/// North sees its orders in the portal alone: what it never answered it cannot accept any more, and nobody
/// needs to ask it.
#[rstest]
#[tokio::test]
async fn what_is_never_answered_in_the_portal_goes_to_somebody_else(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = || Plot {
        mug_at_east: true,
        with_north: ", answer_hours: 24",
        ..Plot::default()
    };
    let story = plot().begin(database).await;
    let http = "connector: http\n    settings: { endpoint: \"{endpoint:north}\", secret: \"{secret}\" }";
    let portal = plot().setup().replace(http, "connector: portal");
    assert_ne!(portal, plot().setup());
    story.world.apply(&portal).await;
    story.order(&[("MUG", 2), ("SHIRT", 1)]);
    let with = |status: &str| {
        format!(
            "select count(*) from purchase_orders p join suppliers s on s.id = p.supplier_id
            where s.key = 'north' and p.status = '{status}'"
        )
    };
    story.waits_for("North has it", &with("placed"), 1).await;
    let then = "'2020-01-01T00:00:00+00:00'";
    let long_ago = &format!("update purchase_orders set created_at = {then}, placed_at = {then}");
    story.world.execute(long_ago).await;
    let now = "update schedules set next_run_ms = 0 where name = 'chase_silence'";
    story.world.execute(now).await;
    let second = story.purchase_order("east").await;
    assert_eq!(second.open_units().into_iter().map(|(_, units)| units).sum::<u32>(), 2);
    story
        .waits_for("nothing is left with North", &with("cancelled"), 1)
        .await;
    let asked = "select count(*) from exceptions where status = 'open' and kind = 'no_eligible_supplier'";
    story.waits_for("nobody else has shirts", asked, 1).await;
    story.quiet().await;
    let silent = "select count(*) from exceptions where kind = 'supplier_silent'";
    assert_eq!(story.world.count(silent).await, 0);
    assert_eq!(story.world.count(asked).await, 1);
    let unknown = "select count(*) from intents where outcome <> 'done'";
    assert_eq!(story.world.count(unknown).await, 0);
    let page = story.page().await;
    for told in [
        "North has not answered",
        "can accept it no more",
        "North was asked for this line before",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
}

/// Who was asked to give it back before the deadline, and says nothing to that either.
#[rstest]
#[tokio::test]
async fn a_question_that_is_never_answered_is_put_before_a_person(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        with_north: ", answer_hours: 24",
        ..silent_north()
    };
    let story = plot.begin(database).await;
    let order = story.order(&[("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    story.set_quantity(order, 0);
    let asked = "select count(*) from purchase_orders where status = 'cancel_requested'";
    story.waits_for("North is asked", asked, 1).await;
    story.quiet().await;
    let long_ago = "'2020-01-01T00:00:00+00:00'";
    let long_ago = format!("update purchase_orders set created_at = {long_ago}, placed_at = {long_ago}");
    story.world.execute(&long_ago).await;
    let now = "update schedules set next_run_ms = 0 where name = 'chase_silence'";
    story.world.execute(now).await;
    let told = "select count(*) from exceptions where kind = 'supplier_silent' and status = 'open'
        and message like '%asked back before%'";
    story.waits_for("a person is told", told, 1).await;
    let north = story.world.supplier("north");
    let agreed = north.answer_cancellation(&placed.number, true, None).await;
    agreed.expect("agrees");
    story.waits_for("nobody needs to be asked", told, 0).await;
    story.quiet().await;
    assert_eq!(story.bought(), (1, 0));
}

/// In the portal nobody needs to: what North never answered it cannot accept any more.
#[rstest]
#[tokio::test]
async fn what_is_taken_back_by_hand_and_never_answered_in_the_portal_ends(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = || Plot {
        mug_at_east: true,
        with_north: ", answer_hours: 24",
        ..Plot::default()
    };
    let story = plot().begin(database).await;
    let http = "connector: http\n    settings: { endpoint: \"{endpoint:north}\", secret: \"{secret}\" }";
    let portal = plot().setup().replace(http, "connector: portal");
    assert_ne!(portal, plot().setup());
    story.world.apply(&portal).await;
    story.order(&[("MUG", 2)]);
    let with = |status: &str| format!("select count(*) from purchase_orders where status = '{status}'");
    story.waits_for("North has it", &with("placed"), 1).await;
    story.quiet().await;
    let order = the_order(&story).await;
    let id = &order["purchaseOrders"][0]["id"];
    let cancel = format!("cancelPurchaseOrder(id: {id}, reason: \"wrong colour\")");
    assert_eq!(problems(&story, &cancel).await, json!([]));
    story.waits_for("North is asked", &with("cancel_requested"), 1).await;
    story.quiet().await;
    let long_ago = "'2020-01-01T00:00:00+00:00'";
    let long_ago = format!("update purchase_orders set created_at = {long_ago}, placed_at = {long_ago}");
    story.world.execute(&long_ago).await;
    let now = "update schedules set next_run_ms = 0 where name = 'chase_silence'";
    story.world.execute(now).await;
    story.waits_for("it ends", &with("cancelled"), 1).await;
    story.quiet().await;
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(story.world.count(open).await, 0);
    assert!(
        story.world.supplier("east").orders().is_empty(),
        "a person took it back"
    );
    let after = the_order(&story).await;
    assert!(history(&after).contains("can accept it no more"), "{after}");
}

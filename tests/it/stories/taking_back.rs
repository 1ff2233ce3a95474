//! Units that are taken back from a supplier: twice, while it is down, against its will.

use rstest::rstest;
use sandbox::{Acknowledge, Behaviour, CancelRequest, Cancellation, EditRequest, RejectReason, SupplierFault};

use super::{
    by_hand::{problems, the_order},
    shop::{KIT_AT_TWO, Plot, Story, contents, lines, numbers},
};
use crate::harness::Database;

impl Story {
    pub(super) fn set_quantity(&self, order: i64, quantity: i64) {
        let line = self.snapshot(order).order.lines[0].id;
        let edit = EditRequest {
            set: vec![(line, quantity)],
            ..EditRequest::default()
        };
        self.world.shop.edit_order(order, &edit).expect("edits");
    }

    pub(super) async fn wait_for_count(&self, what: &str, sql: &str, count: i64) {
        self.world
            .eventually(what, async || self.world.count(sql).await == count)
            .await;
    }

    pub(super) async fn cancel_by_hand(&self, token: &str, purchase_order: &str) {
        let query = "mutation($id: ID!) { cancelPurchaseOrder(id: $id, reason: \"again\") { problems { message } } }";
        let answer = self
            .world
            .http
            .post(self.world.url("/graphql"))
            .bearer_auth(token)
            .json(&serde_json::json!({ "query": query, "variables": { "id": purchase_order } }))
            .send()
            .await
            .expect("an answer");
        let body: serde_json::Value = answer.json().await.expect("JSON");
        assert!(
            body["data"]["cancelPurchaseOrder"]["problems"] == serde_json::json!([]),
            "{body}"
        );
        assert!(body["errors"].is_null(), "{body}");
    }

    pub(super) fn cancel_calls(&self, supplier: &str) -> usize {
        let calls = self.world.supplier(supplier).calls();
        calls
            .iter()
            .filter(|call| call.kind == "purchase_order.cancel_requested")
            .count()
    }
}

#[rstest]
#[tokio::test]
async fn one_unit_and_then_another(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("SHIRT", 3)]);
    let placed = story.purchase_order("north").await;
    for (left, cancelled) in [(2, 1), (1, 2)] {
        story.set_quantity(order, left);
        let sql = format!("select count(*) from po_lines where cancelled = {cancelled} and cancel_requested = 0");
        story.wait_for_count("the unit is taken back", &sql, 1).await;
    }
    let north = story.world.supplier("north");
    north.ship(&placed.number, &[], "DHL", "LAST").await.expect("ships");
    story.fulfillments(order, 1).await;
    story.quiet().await;
    assert_eq!(
        contents(&story.snapshot(order)),
        [(lines(&[("SHIRT", 1)]), numbers(&["LAST"]))]
    );
    assert_eq!(story.cancel_calls("north"), 2);
}

/// What is left of the purchase order is as unanswered as before; and when it is answered, the line that
/// was taken back stands in the answer with nothing accepted and nothing rejected.
#[rstest]
#[tokio::test]
async fn a_line_that_is_taken_back_before_the_supplier_says_a_word(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let north = Behaviour {
        acknowledge: Acknowledge::Never,
        ..Behaviour::manual()
    };
    let story = Plot {
        north,
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("SHIRT", 1), ("MUG", 2)]);
    let placed = story.purchase_order("north").await;
    story.set_quantity(order, 0);
    let taken_back = "select count(*) from po_lines where cancelled = 1 and cancel_requested = 0";
    story.wait_for_count("the line is taken back", taken_back, 1).await;
    let unanswered = "select count(*) from purchase_orders where status = 'placed'";
    assert_eq!(story.world.count(unanswered).await, 1);
    let north = story.world.supplier("north");
    north
        .reject(&placed.number, "N-MUG", RejectReason::OutOfStock)
        .await
        .expect("it is heard");
    let rejected = "select count(*) from po_lines where rejected = 2";
    assert_eq!(story.world.count(rejected).await, 1);
    let ended = "select count(*) from purchase_orders where status = 'rejected'";
    assert_eq!(story.world.count(ended).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_unit_that_is_edited_away_while_the_supplier_is_down(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let north = Behaviour {
        // Down for the first calls of the schedule.
        faults: vec![SupplierFault::Error { status: 503 }; 5],
        ..Behaviour::manual()
    };
    let story = Plot {
        north,
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("SHIRT", 3)]);
    let placing = "select count(*) from purchase_orders where status = 'placing'";
    story.wait_for_count("the supplier is called", placing, 1).await;
    story.set_quantity(order, 2);
    let taken_back = "select count(*) from po_lines where cancelled = 1 and cancel_requested = 0";
    story.wait_for_count("the unit is taken back", taken_back, 1).await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.open_units().iter().map(|(_, units)| units).sum::<u32>(), 2);
}

/// The supplier is known not to have taken the first call: it never hears of the unit.
#[rstest]
#[tokio::test]
async fn a_unit_that_is_edited_away_while_the_supplier_is_busy(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let north = Behaviour {
        faults: vec![SupplierFault::Busy { retry_after_s: 2 }],
        ..Behaviour::manual()
    };
    let story = Plot {
        north,
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("SHIRT", 3), ("MUG", 1)]);
    let busy = "select count(*) from intents where kind = 'place_purchase_order' and outcome = 'pending' and called_at is null";
    story.wait_for_count("the supplier was busy", busy, 1).await;
    story.set_quantity(order, 2);
    let placed = story.purchase_order("north").await;
    let mut asked: Vec<_> = placed
        .lines
        .iter()
        .map(|line| (line.sku.as_str(), line.quantity))
        .collect();
    asked.sort_unstable();
    assert_eq!(asked, [("N-MUG", 1), ("N-SHIRT", 2)], "{placed:?}");
    story.quiet().await;
    let calls = story.world.supplier("north").calls();
    assert!(
        calls.iter().all(|call| call.kind == "purchase_order.created"),
        "{calls:?}"
    );
    // Nor does what it never heard of count in what it is asked later.
    story.set_quantity(order, 1);
    let taken_back = "select count(*) from po_lines where cancelled = 2 and cancel_requested = 0";
    story.wait_for_count("another unit is taken back", taken_back, 1).await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.open_units().iter().map(|(_, units)| units).sum::<u32>(), 2);
}

/// A unit is taken back, which the supplier does; its answers are lost until the last try.
async fn lost_cancellation(database: Database) -> (Story, i64) {
    let story = Plot::default()
        .env("JOB_RETRY_SECONDS", "0.05,0.05")
        .env("RECONCILE_SECONDS", "0.3")
        .begin(database)
        .await;
    let order = story.order(&[("SHIRT", 5)]);
    story.purchase_order("north").await;
    story.quiet().await;
    for _ in 0..3 {
        story.world.supplier("north").add_fault(SupplierFault::LostAnswer);
    }
    story.set_quantity(order, 4);
    story.wait_for_count("a person is told", TOLD, 1).await;
    let unknown = "select count(*) from intents where kind = 'cancel_purchase_order' and outcome = 'unknown'";
    assert_eq!(story.world.count(unknown).await, 1);
    (story, order)
}

const TOLD: &str = "select count(*) from exceptions where kind = 'cancel_refused' and status = 'open'";

/// What both sides hold, once nothing is open: the units that were cancelled.
async fn ends_with_cancelled(story: &Story, units: u32) {
    let sql = format!("select count(*) from po_lines where cancelled = {units} and cancel_requested = 0");
    story.wait_for_count("the supplier's answer is here", &sql, 1).await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.lines[0].cancelled, units, "{placed:?}");
    story.wait_for_count("nobody is asked any more", TOLD, 0).await;
    let open = "select count(*) from intents where outcome in ('pending', 'unknown')";
    assert_eq!(story.world.count(open).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_second_unit_after_an_answer_that_was_lost_is_one_more(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, order) = lost_cancellation(database).await;
    story.set_quantity(order, 3);
    ends_with_cancelled(&story, 2).await;
}

#[rstest]
#[tokio::test]
async fn a_cancellation_whose_answer_was_lost_is_repeated_under_its_key(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, _) = lost_cancellation(database).await;
    let handled = "markHandled(exceptionId: \"{id}\", note: \"they will look\")";
    story.world.decide("CANCEL_REFUSED", handled).await;
    ends_with_cancelled(&story, 1).await;
    let calls = story.world.supplier("north").calls();
    let mut ids: Vec<_> = calls
        .iter()
        .filter(|call| call.kind == "purchase_order.cancel_requested")
        .map(|call| call.webhook_id.as_str())
        .collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[rstest]
#[tokio::test]
async fn a_refusal_is_asked_again_by_a_person_alone(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let north = Behaviour {
        cancellation: Cancellation::RejectAtOnce {
            reason: "packed".to_owned(),
        },
        ..Behaviour::manual()
    };
    let story = Plot {
        north: north.clone(),
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("SHIRT", 1)]);
    let placed = story.purchase_order("north").await;
    story
        .world
        .shop
        .cancel_order(order, &CancelRequest::default())
        .expect("cancels");
    let refused = "select count(*) from exceptions where kind = 'cancel_refused' and status = 'open'";
    story.wait_for_count("the supplier refuses", refused, 1).await;
    // Shopify tells of the order again; the supplier is left alone.
    let told = "select count(*) from deliveries where topic = 'orders/updated' and status = 'processed'";
    let before = story.world.count(told).await;
    story
        .world
        .shop
        .change_address(order, sandbox::AddressSpec::default())
        .expect("changes");
    story
        .world
        .eventually("the change is read", async || story.world.count(told).await > before)
        .await;
    story.quiet().await;
    assert_eq!(story.cancel_calls("north"), 1);
    story.world.supplier("north").set_behaviour(Behaviour::manual());
    let token = story
        .world
        .orderyard
        .command(&[
            "admin",
            "token",
            "create",
            "--shop",
            "demo.myshopify.com",
            "--scope",
            "write",
        ])
        .await;
    story.cancel_by_hand(token.trim(), &placed.id).await;
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    story.wait_for_count("it is cancelled", cancelled, 1).await;
    assert_eq!(story.cancel_calls("north"), 2);
}

/// Two of three kits are taken back before either supplier has taken its part; the third one once
/// one part is free already, while that of the other still waits for its call.
#[rstest]
#[tokio::test]
async fn kits_that_are_edited_away_one_after_the_other(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let busy = |seconds| Behaviour {
        faults: vec![SupplierFault::Busy { retry_after_s: seconds }],
        ..Behaviour::manual()
    };
    let story = Plot {
        kit: KIT_AT_TWO,
        north: busy(2),
        east: busy(8),
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("KIT", 3)]);
    let waiting = "select count(*) from intents where kind = 'place_purchase_order' and outcome = 'pending' and called_at is null";
    story.wait_for_count("both suppliers were busy", waiting, 2).await;
    story.set_quantity(order, 1);
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.open_units().iter().map(|(_, units)| units).sum::<u32>(), 2);
    story.set_quantity(order, 0);
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    story.wait_for_count("both are cancelled", cancelled, 2).await;
    story.quiet().await;
    assert!(story.world.supplier("east").orders().is_empty());
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(story.world.count(open).await, 0);
}

/// One part has left when the kit is edited away: Shopify takes no tracking for it, and a person is told.
#[rstest]
#[tokio::test]
async fn a_kit_that_is_edited_away_when_a_part_of_it_has_left(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot {
        kit: KIT_AT_TWO,
        ..Plot::default()
    }
    .begin(database)
    .await;
    let order = story.order(&[("KIT", 1)]);
    let tea = story.purchase_order("north").await;
    story.purchase_order("east").await;
    let north = story.world.supplier("north");
    north.ship(&tea.number, &[], "DHL", "TEA1").await.expect("ships");
    let waiting = "select count(*) from shipments where state = 'waiting_for_kit'";
    story.wait_for_count("the tea waits for its box", waiting, 1).await;
    story.set_quantity(order, 0);
    let told = "select count(*) from exceptions where status = 'open' and kind = 'fulfillment_refused'
       and message like '%left with TEA1%'";
    story.wait_for_count("a person is told", told, 1).await;
}

/// Nor from anybody else: why it was taken back the program does not know.
#[rstest]
#[tokio::test]
async fn what_a_person_takes_back_is_not_bought_again_until_somebody_asks(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    let shopify_order = story.order(&[("MUG", 3)]);
    story.purchase_order("north").await;
    story.quiet().await;
    let order = the_order(&story).await;
    let cancel = format!(
        "cancelPurchaseOrder(id: {}, reason: \"the customer thinks about it\")",
        order["purchaseOrders"][0]["id"]
    );
    assert_eq!(problems(&story, &cancel).await, serde_json::json!([]));
    let cancelled = "select count(*) from purchase_orders where status = 'cancelled'";
    story.wait_for_count("North agrees", cancelled, 1).await;
    let asked = story.world.supplier("north").calls();
    let asked = asked.iter().find(|call| call.kind == "purchase_order.cancel_requested");
    let body = &asked.expect("North was asked").body;
    assert!(body.to_string().contains("the customer thinks about it"), "{body}");
    story.quiet().await;
    let taken_care = "select count(*) from orders where reason = 'A person has taken care of it'";
    story.wait_for_count("the order says so", taken_care, 1).await;
    // One of them is given back: two are left to be taken care of.
    story.set_quantity(shopify_order, 2);
    let two = "select count(*) from order_lines where ours = 2 and handled = 2";
    story.wait_for_count("the edit is read", two, 1).await;
    assert_eq!(story.world.count("select count(*) from purchase_orders").await, 1);

    let route = format!("routeOrder(id: {})", order["id"]);
    assert_eq!(problems(&story, &route).await, serde_json::json!([]));
    let bought = "select count(*) from po_lines l join purchase_orders p on p.id = l.purchase_order_id
        where l.quantity = 2 and p.status <> 'cancelled'";
    story.wait_for_count("the two are bought", bought, 1).await;
}

/// People are asked about what Shopify wants, as it wants it now.
#[rstest]
#[tokio::test]
async fn what_is_edited_away_is_not_asked_about_any_more(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let order = story.order(&[("UNMAPPED", 3)]);
    let open = "select count(*) from exceptions where status = 'open'";
    let about = |units: u32| format!("{open} and quantity = {units} and message like '{units} × %'");
    story.wait_for_count("three wait", &about(3), 1).await;
    story.set_quantity(order, 1);
    story.wait_for_count("one waits", &about(1), 1).await;
    assert_eq!(story.world.count(open).await, 1);
    story.set_quantity(order, 0);
    story.wait_for_count("nothing waits", open, 0).await;
    story.quiet().await;
    assert_eq!(the_order(&story).await["status"], "NOT_ROUTABLE");
}

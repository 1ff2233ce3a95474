//! What pieces cost at their quantity: in the plan, on the purchase order, and when the quantity changes.

use rstest::rstest;
use sandbox::EditRequest;
use serde_json::{Value, json};

use super::shop::{Plot, Story};
use crate::harness::Database;

const DRAFTS: &str = "select count(*) from purchase_orders where status = 'draft'";

/// North's mug costs 4.00, and 3.50 each from ten on; the priority list decides.
async fn begin(database: Database) -> Story {
    let plot = Plot {
        of_north_mug: ", price_breaks: [ { from: 10, cost: \"3.50\" } ]",
        ..Plot::default()
    };
    plot.begin(database).await
}

impl Story {
    async fn call(&self, call: &str) {
        let query = format!("mutation {{ done: {call} {{ problems {{ message }} }} }}");
        let answer = self.world.graphql(&query, json!({})).await;
        assert_eq!(answer["done"]["problems"], json!([]), "{call}");
    }

    /// What was not sent yet of the only order.
    async fn drafts(&self) -> Vec<Value> {
        let query = "{ orders { nodes { purchaseOrders { id status total { decimal }
            lines { id unitCost { decimal } } } } } }";
        let answer = self.world.graphql(query, json!({})).await;
        let all = answer["orders"]["nodes"][0]["purchaseOrders"]
            .as_array()
            .expect("a list");
        all.iter().filter(|po| po["status"] == "DRAFT").cloned().collect()
    }

    async fn totals(&self) -> Vec<String> {
        let drafts = self.drafts().await.into_iter();
        drafts
            .map(|po| po["total"]["decimal"].as_str().expect("a total").to_owned())
            .collect()
    }

    /// The time to undo is over.
    async fn leave(&self) {
        let past = "update purchase_orders set send_after = created_at";
        self.world.execute(past).await;
        let now = "update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'";
        self.world.execute(now).await;
    }

    /// `pieces at a cost`, for each line that North was sent.
    async fn sent(&self, count: usize) -> Vec<String> {
        let north = self.world.supplier("north");
        let are_sent = async || north.orders().len() == count;
        self.world.eventually("it is sent", are_sent).await;
        let orders = north.orders().into_iter();
        let lines = orders.flat_map(|order| order.lines);
        let mut told: Vec<String> = lines
            .map(|line| format!("{} at {}", line.quantity, line.unit_cost))
            .collect();
        told.sort();
        told
    }
}

#[rstest]
#[tokio::test]
async fn what_is_bought_costs_what_its_quantity_costs(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    story.order(&[("MUG", 4), ("MUG", 6)]);
    assert_eq!(story.sent(1).await, ["4 at 3.50", "6 at 3.50"]);
    let plan = "{ orders { nodes { plan { cost { decimal } } } } }";
    let plan = story.world.graphql(plan, json!({})).await;
    assert_eq!(plan["orders"]["nodes"][0]["plan"]["cost"]["decimal"], "35.00", "{plan}");
    story.order(&[("MUG", 9)]);
    assert_eq!(story.sent(2).await, ["4 at 3.50", "6 at 3.50", "9 at 4.00"]);
}

#[rstest]
#[tokio::test]
async fn fewer_pieces_leave_at_what_fewer_cost(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = begin(database).await;
    story.call("updateShopSettings(input: { undoMinutes: 60 })").await;
    let order = story.order(&[("MUG", 10)]);
    story.waits_for("it is decided", DRAFTS, 1).await;
    assert_eq!(story.totals().await, ["35.00"]);
    let edit = EditRequest {
        set: vec![(story.snapshot(order).order.lines[0].id, 4)],
        ..EditRequest::default()
    };
    story.world.shop.edit_order(order, &edit).expect("edits");
    let taken_back = "select count(*) from po_lines where cancelled = 6";
    story.waits_for("six are taken back", taken_back, 1).await;
    assert_eq!(story.totals().await, ["16.00"]);
    story.leave().await;
    assert_eq!(story.sent(1).await, ["4 at 4.00"]);
}

#[rstest]
#[tokio::test]
async fn fewer_pieces_do_not_leave_above_what_was_accepted(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    story.call("updateShopSettings(input: { undoMinutes: 60 })").await;
    let order = story.order(&[("MUG", 10)]);
    story.waits_for("it is decided", DRAFTS, 1).await;
    // One by itself costs more than the 4.00 that were accepted; ten cost what they did.
    story.world.raise_price("N-MUG", 450).await;
    let edit = EditRequest {
        set: vec![(story.snapshot(order).order.lines[0].id, 4)],
        ..EditRequest::default()
    };
    story.world.shop.edit_order(order, &edit).expect("edits");
    let taken_back = "select count(*) from po_lines where cancelled = 6";
    story.waits_for("six are taken back", taken_back, 1).await;
    story.leave().await;
    let rose = "select count(*) from exceptions where kind = 'price_rose' and status = 'open' and quantity = 4";
    story.waits_for("somebody is asked", rose, 1).await;
    story.quiet().await;
    assert!(story.world.supplier("north").orders().is_empty());
}

#[rstest]
#[tokio::test]
async fn what_is_split_by_hand_is_bought_at_what_each_part_costs(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    story.call("updateShopSettings(input: { undoMinutes: 60 })").await;
    story.order(&[("MUG", 5), ("MUG", 5)]);
    story.waits_for("it is decided", DRAFTS, 1).await;
    let split = async || {
        let po = story.drafts().await.remove(0);
        let (id, line) = (&po["id"], &po["lines"][0]["id"]);
        let call = format!("splitPurchaseOrder(id: {id}, lineIds: [{line}], reason: \"apart\")");
        story.call(&call).await;
    };
    split().await;
    assert_eq!(story.totals().await, ["20.00", "20.00"]);
    let [one, two] = &story.drafts().await[..] else {
        panic!("there are two")
    };
    let (one, two) = (&one["id"], &two["id"]);
    let merge = format!("mergePurchaseOrders(id: {one}, fromId: {two}, reason: \"one parcel\")");
    story.call(&merge).await;
    assert_eq!(story.totals().await, ["35.00"]);
    split().await;
    story.leave().await;
    assert_eq!(story.sent(2).await, ["5 at 4.00", "5 at 4.00"]);
    story.quiet().await;
    let cancelled = "select count(*) from events where message like '%rose above%'";
    assert_eq!(story.world.count(cancelled).await, 0);
}

//! Orders that Orderyard must leave alone, visibly and with the reason.

use rstest::rstest;
use sandbox::{DeliveryMethod, HoldRequest, OrderSpec, ProductSpec, VariantSpec};

use super::{
    meanwhile::{settings, settled},
    shop::{Plot, Story},
};
use crate::harness::Database;

impl Story {
    /// Waits until the only order stands so, with a reason for people.
    async fn stands(&self, status: &str, reason: &str) {
        let sql = format!("select count(*) from orders where status = '{status}' and reason like '%{reason}%'");
        let what = format!("the order is {status}, for “{reason}”");
        self.world
            .eventually(&what, async || self.world.count(&sql).await == 1)
            .await;
        self.quiet().await;
        assert!(self.world.supplier("north").orders().is_empty(), "nothing was bought");
    }
}

#[rstest]
#[tokio::test]
async fn a_scheduled_order_waits_until_it_opens(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let variant = story.variant("MUG");
    let spec = OrderSpec {
        routing_delay_ms: Some(0),
        fulfill_at: Some(chrono::DateTime::from_timestamp(4_000_000_000, 0).expect("a time")),
        ..OrderSpec::of([(variant, 1)])
    };
    let order = story.world.shop.create_order(spec).expect("an order");
    let fulfillment_order = || story.snapshot(order).fulfillment_orders[0].id;
    story
        .world
        .eventually("it is assigned to a location", async || {
            !story.snapshot(order).fulfillment_orders.is_empty()
        })
        .await;
    story.stands("held", "").await;
    story.world.shop.open_scheduled(fulfillment_order()).expect("opens");
    story.purchase_order("north").await;
}

#[rstest]
#[tokio::test]
async fn a_hold_stops_what_was_not_bought_yet(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let spec = OrderSpec {
        financial_status: sandbox::FinancialStatus::Pending,
        ..OrderSpec::of([(story.variant("MUG"), 1)])
    };
    let order = story.world.shop.create_order(spec).expect("an order");
    story.stands("not_routable", "payment").await;
    // The payment may be told of before there is anything to hold.
    let made = || async { !story.snapshot(order).fulfillment_orders.is_empty() };
    story.world.eventually("Shopify routes the order", made).await;
    let fulfillment_order = story.snapshot(order).fulfillment_orders[0].id;
    let hold = HoldRequest::default();
    story.world.shop.hold(fulfillment_order, hold).expect("holds");
    story.world.shop.mark_paid(order).expect("pays");
    story.stands("held", "").await;
    story.world.shop.release(fulfillment_order).expect("releases");
    story.purchase_order("north").await;
}

#[rstest]
#[tokio::test]
async fn a_location_that_is_not_ours(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot {
        locations: "[Main warehouse]",
        ..Plot::default()
    }
    .begin(database)
    .await;
    let annex = story.world.shop.add_location("Annex");
    let spec = OrderSpec {
        location_id: Some(annex),
        ..OrderSpec::of([(story.variant("MUG"), 1)])
    };
    story.world.shop.create_order(spec).expect("an order");
    story.stands("not_routable", "").await;
}

#[rstest]
#[tokio::test]
async fn an_order_that_needs_no_shipping(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let product = ProductSpec {
        title: "A song".to_owned(),
        variants: vec![VariantSpec {
            requires_shipping: false,
            ..VariantSpec::new("SONG", "1.00")
        }],
        ..ProductSpec::default()
    };
    let song = story.world.shop.create_product(product).expect("a product").variants[0];
    let spec = OrderSpec {
        delivery_method: DeliveryMethod::None,
        shipping_address: None,
        ..OrderSpec::of([(song, 1)])
    };
    story.world.shop.create_order(spec).expect("an order");
    story.stands("not_routable", "shipping").await;
}

#[rstest]
#[tokio::test]
async fn fulfillment_orders_that_come_late(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let spec = OrderSpec {
        routing_delay_ms: Some(1500),
        ..OrderSpec::of([(story.variant("MUG"), 1)])
    };
    story.world.shop.create_order(spec).expect("an order");
    let waits = "select count(*) from orders where status = 'waiting' and reason is not null";
    story
        .world
        .eventually("it waits, visibly", async || story.world.count(waits).await == 1)
        .await;
    story.purchase_order("north").await;
}

const REVIEWS: &str = "select count(*) from exceptions where kind = 'review' and status = 'open'";

/// An order that Shopify has not assessed yet, of a shop that looks at what is risky.
async fn unassessed(story: &Story) -> i64 {
    settings(&story.world, "review: { risk: true }").await;
    let spec = OrderSpec {
        risk: "PENDING".to_owned(),
        ..OrderSpec::of([(story.variant("MUG"), 1)])
    };
    let order = story.world.shop.create_order(spec).expect("an order");
    let waits = "select count(*) from orders where status = 'waiting' and reason like '%assessing%'";
    story.waits_for("it waits, visibly", waits, 1).await;
    assert_eq!(story.world.count("select count(*) from purchase_orders").await, 0);
    order
}

#[rstest]
#[tokio::test]
async fn what_shopify_still_assesses_waits_for_that(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values("ACCEPT", "INVESTIGATE")] advice: &str,
) {
    let story = Plot::default().begin(database).await;
    let order = unassessed(&story).await;
    story.world.shop.assess(order, advice).expect("is assessed");
    if advice == "INVESTIGATE" {
        let asked = format!("{REVIEWS} and message like '%advises to look into%'");
        story.waits_for("a person is asked", &asked, 1).await;
        settled(&story).await;
        assert!(story.world.supplier("north").orders().is_empty(), "nothing was bought");
    } else {
        story.purchase_order("north").await;
        assert_eq!(story.world.count(REVIEWS).await, 0);
    }
}

#[rstest]
#[tokio::test]
async fn what_shopify_never_assesses_is_looked_at(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let order = unassessed(&story).await;
    let a_while_ago = match database {
        Database::Sqlite => "update orders set facts = json_set(facts, '$.risk_pending_since', '2019-01-01T00:00:00Z')",
        Database::Postgres => {
            "update orders set facts = jsonb_set(cast(facts as jsonb), '{risk_pending_since}', '\"2019-01-01T00:00:00Z\"')"
        }
    };
    story.world.execute(a_while_ago).await;
    story.world.shop.retag(order, &["vip"]).expect("has a tag");
    let asked = format!("{REVIEWS} and message like '%has not finished assessing%'");
    story.waits_for("a person is asked", &asked, 1).await;
    settled(&story).await;
    assert!(story.world.supplier("north").orders().is_empty(), "nothing was bought");
    let release = "releasePurchaseOrder(exceptionId: \"{id}\")";
    story.world.decide("REVIEW", release).await;
    story.purchase_order("north").await;
}

#[rstest]
#[tokio::test]
async fn who_does_not_look_at_risk_any_more_waits_for_none(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    unassessed(&story).await;
    settings(&story.world, "review: { risk: false }").await;
    story.purchase_order("north").await;
}

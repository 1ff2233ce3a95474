//! A supplier takes a part of what it is asked for: the rest goes to somebody else, and the order's page says why.

use rstest::rstest;
use sandbox::{Acknowledge, Behaviour, RejectReason};
use serde_json::{Value, json};

use super::shop::{Plot, Story};
use crate::harness::Database;

fn mug_at_both() -> Plot {
    Plot {
        mug_at_east: true,
        ..Plot::default()
    }
}

/// The only order's page, as the dashboard asks for it.
async fn page(story: &Story) -> Value {
    let query = "{ orders { nodes { status
        plan { lines { quantity reason rejected { summary reason } } }
        earlierPlans { lines { reason } }
        purchaseOrders { supplier { key } status lines { sku quantity accepted rejected rejectReason } }
        events { nodes { kind message } } exceptions { message } } } }";
    let answer = story.world.graphql(query, json!({})).await;
    let nodes = answer["orders"]["nodes"].as_array().expect("a list").clone();
    assert_eq!(nodes.len(), 1, "{answer}");
    nodes.into_iter().next().expect("one")
}

/// North has one of three mugs, and the shirt. East ships the other two, and the page says who did not and why.
#[rstest]
#[tokio::test]
async fn what_a_supplier_does_not_take_is_routed_again_and_the_page_says_so(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        north: Behaviour {
            acknowledge: Acknowledge::Never,
            ..Behaviour::manual()
        },
        ..mug_at_both()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 3), ("SHIRT", 1)]);
    let first = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    north
        .take_only(&first.number, 1, "N-MUG", RejectReason::OutOfStock)
        .await
        .expect("takes one mug and the shirt");
    let second = story.purchase_order("east").await;
    story.quiet().await;
    assert_eq!((second.lines[0].sku.as_str(), second.lines[0].quantity), ("E-MUG", 2));
    assert_eq!(second.lines.len(), 1, "the shirt stays where it is");
    assert_eq!(north.orders().len(), 1, "nobody is asked twice");

    let page = page(&story).await;
    let orders = page["purchaseOrders"].as_array().expect("a list");
    let of = |supplier: &str| orders.iter().find(|po| po["supplier"]["key"] == supplier).expect("it");
    let lines = of("north")["lines"].as_array().expect("a list");
    let mug = lines.iter().find(|line| line["sku"] == "N-MUG").expect("it");
    let expect = json!({ "sku": "N-MUG", "quantity": 3, "accepted": 1, "rejected": 2, "rejectReason": "OUT_OF_STOCK" });
    assert_eq!(*mug, expect);

    let plan = page["plan"]["lines"].as_array().expect("a list");
    assert_eq!(plan.len(), 1, "only what was free was decided anew: {page}");
    assert_eq!(plan[0]["quantity"], 2);
    let reason = plan[0]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("East"), "{reason}");
    let against = json!([{ "summary": "North (N-MUG)",
        "reason": "North was asked for this line before, and does not ship it" }]);
    assert_eq!(plan[0]["rejected"], against);
    // Why the shirt and one mug are where they are can be read still.
    let earlier = page["earlierPlans"].as_array().expect("a list");
    assert_eq!(earlier.len(), 1, "{page}");
    let before = earlier[0]["lines"].as_array().expect("a list");
    let reasons: Vec<&str> = before.iter().filter_map(|line| line["reason"].as_str()).collect();
    assert_eq!(reasons.len(), 2, "{page}");
    assert!(reasons.iter().all(|reason| reason.starts_with("North")), "{reasons:?}");

    let history: Vec<&str> = (page["events"]["nodes"].as_array().expect("events").iter())
        .filter_map(|event| event["message"].as_str())
        .collect();
    let told = |what: String| history.iter().any(|line| line.contains(&what));
    assert!(
        told(format!("{}: accepted 1 × N-MUG, 1 × N-SHIRT", first.number)),
        "{history:#?}"
    );
    let rejected = format!("{}: rejected 2 × N-MUG (out of stock", first.number);
    assert!(told(rejected), "{history:#?}");
    assert_eq!(page["exceptions"], json!([]));
}

#[rstest]
#[tokio::test]
async fn part_of_a_line_that_is_rejected_goes_to_somebody_else(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = mug_at_both().begin(database).await;
    story.order(&[("MUG", 2), ("SHIRT", 1)]);
    let placed = story.purchase_order("north").await;
    let north = story.world.supplier("north");
    north
        .reject(&placed.number, "N-MUG", RejectReason::OutOfStock)
        .await
        .expect("rejects");
    let second = story.purchase_order("east").await;
    let units: Vec<u32> = second.open_units().into_iter().map(|(_, units)| units).collect();
    assert_eq!(units, [2]);
    // East fails too: nobody is left, and somebody is asked.
    let east = story.world.supplier("east");
    east.reject(&second.number, "E-MUG", RejectReason::OutOfStock)
        .await
        .expect("rejects");
    let asked =
        "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open' and quantity = 2";
    story.waits_for("somebody is asked", asked, 1).await;
    story.quiet().await;
    assert_eq!((north.orders().len(), east.orders().len()), (1, 1));
}

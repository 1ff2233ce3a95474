//! An order of many lines takes long to decide. Nobody else waits for it meanwhile, and it goes by what is known
//! when its plan is written.

use rstest::rstest;

use super::shop::{Plot, Story};
use crate::harness::Database;

/// Lines of two alternatives each: more than is decided while a transaction is open.
const LINES: usize = 60;

async fn bought_of(story: &Story, sku: &str, order: i64) -> i64 {
    let bought = "select cast(coalesce(sum(line.quantity), 0) as bigint) from po_lines line
        join purchase_orders po on po.id = line.purchase_order_id join orders on orders.id = po.order_id";
    let of = format!("{bought} where line.sku = '{sku}' and orders.shopify_id = {order} and po.status <> 'draft'");
    story.world.count(&of).await
}

#[rstest]
#[tokio::test]
async fn while_a_large_order_is_decided_others_are_bought(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let mut story = Plot {
        mug_at_east: true,
        ..Plot::default()
    }
    .begin(database)
    .await;
    story.world.orderyard.stop().await;
    story
        .world
        .orderyard
        .start_to_stand_still("ahead.before_decision")
        .await;
    let large = story.order(&[("MUG", 1); LINES]);
    story
        .world
        .eventually("the large one is about to be decided", async || {
            story.world.orderyard.log_tail().contains("the job stands still here")
        })
        .await;
    let small = story.order(&[("MUG", 60)]);
    story
        .world
        .eventually("the other one is bought of whoever comes first", async || {
            bought_of(&story, "N-MUG", small).await == 60
        })
        .await;
    assert_eq!(
        bought_of(&story, "N-MUG", large).await,
        0,
        "nothing was written of it yet"
    );
    story.world.orderyard.let_go();
    story
        .world
        .eventually(
            "it has what the other one left, and the rest from elsewhere",
            async || {
                (
                    bought_of(&story, "N-MUG", large).await,
                    bought_of(&story, "E-MUG", large).await,
                ) == (40, 20)
            },
        )
        .await;
}

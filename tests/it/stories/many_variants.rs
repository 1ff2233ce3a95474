//! A shop with more variants than its API budget pays for at once.

use rstest::rstest;
use sandbox::{ProductSpec, ShopSpec, VariantSpec};

use crate::harness::{Database, WorldSpec};

/// Six pages, of which the bucket pays two.
const VARIANTS: u32 = 550;
const PAGES: usize = 6;

#[rstest]
#[tokio::test]
async fn a_shop_with_a_small_budget_gets_all_its_variants(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let spec = WorldSpec {
        shop: ShopSpec {
            points_per_second: Some(400),
            bucket_points: Some(1100),
            ..ShopSpec::default()
        },
        products: vec![ProductSpec {
            title: "Mugs".to_owned(),
            variants: (0..VARIANTS)
                .map(|number| VariantSpec::new(format!("MUG-{number}"), "20.00"))
                .collect(),
            ..ProductSpec::default()
        }],
        ..WorldSpec::on(database)
    };
    let world = spec.build().await;
    let read = "select count(*) from variants where deleted_at is null";
    world
        .eventually("all variants are read", async || {
            world.count(read).await == i64::from(VARIANTS)
        })
        .await;
    let is_page = |request: &sandbox::RequestRecord| request.operation.as_deref() == Some("VariantsPage");
    let asked = world.shopify.count_requests(is_page);
    // Some may have been refused for want of points.
    assert!(
        (PAGES..2 * PAGES).contains(&asked),
        "no page is read again and again: {asked}"
    );
    let left = "select count(*) from jobs where name = 'sync_variants'";
    world
        .eventually("the sync is over", async || world.count(left).await == 0)
        .await;
}

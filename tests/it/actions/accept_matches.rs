//! Matches that are accepted together have the orders that wait for them looked at together.

use orderyard::{
    actions::accept_matches::AcceptMatches,
    domain::matching::{KeyKind, ProposalStatus},
    ids::{MatchId, ShopifyVariantId},
    queue::{Attempt, Job as _},
    store::{self, columns::Json, jobs, match_proposals},
};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use crate::graphql::{seed::Tenant, world::World};

/// More than are accepted at a time.
const MANY: i64 = 120;

async fn plant(world: &World, tenant: &Tenant) {
    let proposal = |number: i64| match_proposals::Model {
        id: MatchId::generate(),
        shop_id: tenant.shop,
        variant_id: ShopifyVariantId(9_000 + number),
        offer_id: tenant.offer,
        found_by: KeyKind::Sku,
        key: format!("sku-{number}"),
        doubts: Json(Vec::new()),
        certain: true,
        status: ProposalStatus::Open,
        made_at: world.app.clock.now(),
        decided_by: None,
    };
    let tx = world.tx().await;
    store::insert_all(&tx, (0..MANY).map(proposal).collect()).expect("proposals");
    tx.commit().await.expect("commits");
}

#[tokio::test]
async fn pages_of_accepted_matches_have_what_waits_looked_at_once() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        plant(&world, &tenant).await;
        let job = AcceptMatches {
            shop_id: tenant.shop,
            by: "Olga Owner".to_owned(),
        };
        let attempt = Attempt {
            number: 1,
            is_last: false,
        };
        loop {
            job.run(&world.app, attempt).await.expect("accepts some");
            let left = match_proposals::count(world.app.db.read(), tenant.shop, true, 1_000).await;
            if left.expect("a count") == 0 {
                break;
            }
        }
        let revisits = jobs::Entity::find().filter(jobs::Column::Name.eq("revisit_orders"));
        assert_eq!(revisits.count(world.app.db.read()).await.expect("a count"), 1);
    }
}

//! Pages of a shop's orders in some states, and of purchase orders that suppliers are asked about.

use chrono::TimeDelta;
use orderyard::{
    domain::{order::OrderStatus as S, purchase_order::PurchaseOrderStatus},
    ids::{OrderId, PurchaseOrderId, ShopifyOrderId},
    store::{self, orders, purchase_orders},
};

use crate::graphql::world::World;

/// By the time they were placed, whichever was stored first and whatever state each is in.
#[tokio::test]
async fn orders_in_some_states_come_page_by_page_and_once() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let db = world.app.db.read();
        let seeded = orders::by_id(db, tenant.shop, tenant.order).await.expect("reads");
        let seeded = seeded.expect("the order");
        let tx = world.tx().await;
        let mut expected = Vec::new();
        for number in 0..7_i32 {
            let status = [S::Waiting, S::AwaitingRouting, S::Held][usize::try_from(number % 3).expect("fits")];
            let row = orders::Model {
                id: OrderId::generate(),
                shopify_id: ShopifyOrderId(900_000 + i64::from(number)),
                name: format!("#N{number}"),
                status,
                // Two at a time, the later ones stored first.
                placed_at: seeded.placed_at - TimeDelta::hours(i64::from(number / 2)),
                ..seeded.clone()
            };
            if status != S::Held {
                expected.push((row.placed_at, row.id));
            }
            store::insert(&tx, row).expect("is kept");
        }
        tx.commit().await.expect("commits");
        expected.sort_unstable();

        let (mut seen, mut found) = (None, Vec::new());
        loop {
            let page = orders::in_statuses(db, tenant.shop, &[S::Waiting, S::AwaitingRouting], seen, 2).await;
            let page = page.expect("reads");
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            seen = Some(last.id);
            found.extend(page.iter().map(|order| (order.placed_at, order.id)));
        }
        found.retain(|(_, id)| *id != tenant.order);
        assert_eq!(found, expected);
    }
}

/// Those first that were not asked about for the longest; one that was is not asked about again soon.
#[tokio::test]
async fn silent_purchase_orders_come_in_turn() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let db = world.app.db.read();
        let seeded = purchase_orders::of_order(db, tenant.shop, tenant.order)
            .await
            .expect("reads");
        let seeded = seeded.first().expect("a purchase order");
        let now = world.app.clock.now();
        let hours = |hours: i32| now - TimeDelta::hours(i64::from(hours));
        let tx = world.tx().await;
        let mut expected = Vec::new();
        for number in 0..6_i32 {
            let row = purchase_orders::Model {
                id: PurchaseOrderId::generate(),
                number: format!("SILENT-{number}"),
                status: [PurchaseOrderStatus::Placed, PurchaseOrderStatus::Accepted]
                    [usize::try_from(number % 2).expect("fits")],
                sent_at: Some(hours(100)),
                asked_at: (number > 1).then(|| hours(20 + number)),
                updated_at: hours(99),
                ..seeded.clone()
            };
            expected.push((row.asked_at.unwrap_or(hours(100)), row.id));
            store::insert(&tx, row).expect("is kept");
        }
        let heard_of = purchase_orders::Model {
            id: PurchaseOrderId::generate(),
            number: "HEARD-1".to_owned(),
            status: PurchaseOrderStatus::Accepted,
            sent_at: Some(hours(100)),
            updated_at: hours(1),
            ..seeded.clone()
        };
        store::insert(&tx, heard_of).expect("is kept");
        tx.commit().await.expect("commits");
        expected.sort_unstable();

        let silent = async |seen| {
            purchase_orders::silent(db, tenant.shop, seeded.supplier_id, hours(6), seen, 2)
                .await
                .expect("reads")
        };
        let (mut seen, mut found) = (None, Vec::new());
        while let page @ [_, ..] = silent(seen).await.as_slice() {
            for po in page {
                seen = Some((po.asked_at.or(po.sent_at).expect("a time"), po.id));
                found.extend(seen);
            }
        }
        found.retain(|(_, id)| *id != seeded.id);
        assert_eq!(found, expected);

        let ids: Vec<_> = expected.iter().map(|(_, id)| *id).chain([seeded.id]).collect();
        let tx = world.tx().await;
        purchase_orders::mark_asked(&tx, tenant.shop, &ids, now)
            .await
            .expect("is noted");
        tx.commit().await.expect("commits");
        assert_eq!(silent(None).await, []);
    }
}

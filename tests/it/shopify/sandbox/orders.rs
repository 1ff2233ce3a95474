//! Orders, parcels, and what is left after a lost answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use orderyard::{
    domain::order::FulfillmentOrderStatus,
    ids::ShopifyOrderId,
    shopify::{
        ApiError, Outcome, cost,
        fulfillments::{LineToFulfill, NewFulfillment, Tracking},
        orders::Besides,
        read_back::{self, Before, Expected, Known, ReadBack, Remained},
        scalars::FulfillmentOrderAction,
    },
};
use sandbox::{AnswerFault, Fault, HoldRequest, Plan};

use super::{START, World, at, one_piece};

#[tokio::test]
async fn a_long_order_with_many_parcels_is_read_whole() {
    let world = World::new(Plan::Enterprise).await;
    let id = world.order(130);
    let small = world.order(1);
    for parcel in 0..12 {
        let state = world.state(id).await;
        let new = one_piece(&state.fulfillment_orders[0], &format!("T{parcel}"));
        let made = world.api.create_fulfillment(&world.access(), &new).await;
        // Three pieces of the first line are all there are.
        assert_eq!(made.is_ok(), parcel < 3, "{made:?}");
        if parcel >= 3 {
            let state = world.state(id).await;
            let mut order = state.fulfillment_orders[0].clone();
            order.lines.rotate_left(parcel);
            let new = one_piece(&order, &format!("T{parcel}"));
            world.api.create_fulfillment(&world.access(), &new).await.expect("made");
        }
    }
    let answer = world
        .api
        .order(&world.access(), id, Besides::default())
        .await
        .expect("an answer");
    let order = answer.data.expect("an order");
    assert_eq!(order.lines.len(), 130);
    assert_eq!(order.fulfillment_orders[0].lines.len(), 130);
    assert_eq!(order.fulfillments.len(), 12);
    assert_eq!(world.state(id).await.fulfillments.len(), 12);
    assert_eq!(order.totals.subtotal.amount_minor, 130 * 3 * 1250);

    let changed = world
        .api
        .orders_updated_since(&world.access(), at(START), None)
        .await
        .expect("a page");
    let ids: BTreeSet<ShopifyOrderId> = changed.data.items.iter().map(|one| one.id).collect();
    assert_eq!(ids, BTreeSet::from([id, small]));
}

#[tokio::test]
async fn a_parcel_is_fulfilled_and_its_tracking_corrected() {
    let world = World::new(Plan::Standard).await;
    let id = world.order(2);
    let order = world
        .api
        .order(&world.access(), id, Besides::default())
        .await
        .expect("an answer")
        .data
        .expect("an order");
    let fulfillment_order = &order.fulfillment_orders[0];
    assert!(fulfillment_order.allows(&FulfillmentOrderAction::CreateFulfillment));
    let owner = world
        .api
        .fulfillment_order_owner(&world.access(), fulfillment_order.id)
        .await
        .expect("an owner");
    assert_eq!(owner.data.map(|state| state.order), Some(id));

    let new = one_piece(fulfillment_order, "T1");
    let made = world
        .api
        .create_fulfillment(&world.access(), &new)
        .await
        .expect("made")
        .data;
    assert_eq!(made.lines[0].line_item, fulfillment_order.lines[0].line_item);
    assert_eq!(made.tracking[0].company.as_deref(), Some("DHL Express"));

    let tracking = Tracking::new(None, vec!["T1".to_owned(), "T2".to_owned()], vec![]);
    let changed = world
        .api
        .update_tracking(&world.access(), made.id, &tracking, false)
        .await
        .expect("changed")
        .data;
    let numbers: Vec<Option<&str>> = changed.tracking.iter().map(|info| info.number.as_deref()).collect();
    assert_eq!(numbers, [Some("T1"), Some("T2")]);

    let state = world.state(id).await;
    assert_eq!(state.fulfillments.len(), 1);
    assert_eq!(state.fulfillment_orders[0].lines[0].remaining, 2);
    let too_many = LineToFulfill {
        fulfillment_order: fulfillment_order.id,
        line: fulfillment_order.lines[0].id,
        quantity: NonZeroU32::new(3).expect("some"),
    };
    let too_many = NewFulfillment::new(vec![too_many], None, false).expect("a line");
    let refused = world
        .api
        .create_fulfillment(&world.access(), &too_many)
        .await
        .expect_err("two are left");
    assert!(matches!(refused, ApiError::UserErrors(_)), "{refused:?}");
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_reading_back() {
    let world = World::new(Plan::Standard).await;
    let id = world.order(1);
    let before = world.state(id).await;
    let fulfillment_order = &before.fulfillment_orders[0];
    let line = &fulfillment_order.lines[0];
    let expected = Expected {
        units: BTreeMap::from([(line.line_item, 1)]),
        numbers: BTreeSet::from(["T1".to_owned()]),
        before: Some(Before {
            location: fulfillment_order.location,
            remained: vec![Remained {
                fulfillment_order: fulfillment_order.id,
                line_item: line.line_item,
                units: line.remaining,
            }],
            fulfillments: BTreeSet::new(),
        }),
    };
    let none = Known::default();
    for (effect, made) in [
        (AnswerFault::ErrorBefore { status: 502 }, false),
        (AnswerFault::LostAnswer, true),
    ] {
        world
            .shopify
            .faults()
            .add(Fault::graphql("FulfillmentCreate", effect).times(1));
        let new = one_piece(fulfillment_order, "T1");
        let error = world
            .api
            .create_fulfillment(&world.access(), &new)
            .await
            .expect_err("lost");
        assert_eq!(error.outcome(), Outcome::Unknown, "{error:?}");
        let found = read_back::find(&world.state(id).await, &expected, &none);
        assert_eq!(matches!(found, ReadBack::Made(_)), made, "{found:?}");
        assert_eq!(found == ReadBack::NotMade, !made, "{found:?}");
    }
    assert_eq!(world.shop.order(id.0).expect("an order").fulfillments.len(), 1);
}

#[tokio::test]
async fn the_cost_that_is_reserved_is_what_shopify_asks() {
    let world = World::new(Plan::Standard).await;
    let id = world.order(1);
    let answer = world
        .api
        .order(&world.access(), id, Besides::default())
        .await
        .expect("an answer");
    let cost = answer.cost.expect("a cost");
    assert_eq!(cost.requested, cost::ORDER);
    assert!(cost.actual < Some(cost.requested));
    assert_eq!((cost.status.maximum, cost.status.restore_per_second), (2000, 100));
}

/// More than a page of them, found by when they changed and not by when they were made.
#[tokio::test]
async fn fulfillment_orders_are_found_by_when_they_changed() {
    let world = World::new(Plan::Enterprise).await;
    let early: Vec<ShopifyOrderId> = (0..102).map(|_| world.order(1)).collect();
    let (mut seen, mut after) = (BTreeSet::new(), None);
    loop {
        let page = world
            .api
            .fulfillment_orders_updated_since(&world.access(), at(START), after)
            .await
            .expect("a page")
            .data;
        assert!(page.items.len() <= 100);
        seen.extend(page.items.iter().map(|changed| changed.order));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, early.iter().copied().collect());

    world.seconds.fetch_add(60, std::sync::atomic::Ordering::Relaxed);
    let held = world.state(early[0]).await.fulfillment_orders[0].id;
    world.shop.hold(held.0, HoldRequest::default()).expect("holds");
    let changed = world
        .api
        .fulfillment_orders_updated_since(&world.access(), at(START + 60), None)
        .await
        .expect("a page")
        .data
        .items;
    assert_eq!(changed.len(), 1);
    assert_eq!(
        (changed[0].id, changed[0].status),
        (held, FulfillmentOrderStatus::OnHold)
    );
    assert!(changed[0].location.is_some());
}

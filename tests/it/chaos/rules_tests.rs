//! The judge can find against the program: for each invariant a made-up history that breaks it,
//! beside the one that breaks none.

use chrono::{DateTime, TimeDelta};
use rstest::rstest;

use super::{
    facts::{
        Call, Delivery, Exception, Facts, Fulfillment, Line, Load, Order, Parcel, PoLine, PurchaseOrder, Shown,
        ShownLine, Time,
    },
    invariant::Invariant,
    rules::violations,
};

fn at(second: i64) -> Time {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn created(second: i64) -> Call {
    Call {
        at: at(second),
        kind: "purchase_order.created".to_owned(),
        webhook_id: "key-1".to_owned(),
        status: 200,
        fault: None,
        lines: vec![("N-MUG".to_owned(), 2, "4.00".to_owned())],
    }
}

/// Two mugs: ordered and paid at 1, placed at 3, shipped, fulfilled at 5.
fn shipped() -> Order {
    Order {
        id: 7,
        name: "#1001".to_owned(),
        financial_status: "PAID".to_owned(),
        paid_at: Some(at(1)),
        is_routed: true,
        lines: vec![Line {
            sku: "MUG".to_owned(),
            quantity: 2,
            current: 2,
            remaining: 0,
        }],
        fulfillments: vec![Fulfillment {
            at: at(5),
            location: 1,
            by_app: true,
            numbers: vec!["NORTH1".to_owned()],
            lines: vec![("MUG".to_owned(), 2)],
        }],
        deliveries: vec![Delivery {
            topic: "orders/create".to_owned(),
            triggered_at: at(1),
            attempts: vec![(at(1), None), (at(2), Some(200))],
            kept: Some("processed".to_owned()),
        }],
        purchase_orders: vec![PurchaseOrder {
            supplier: "north".to_owned(),
            number: "DEMO-1001-1".to_owned(),
            calls: vec![created(3), created(4)],
            lines: vec![PoLine {
                sku: "N-MUG".to_owned(),
                quantity: 2,
                shipped: 2,
                ..PoLine::default()
            }],
            parcels: vec![Parcel {
                reference: "SO-1-1".to_owned(),
                number: "NORTH1".to_owned(),
                is_confirmed: true,
                lines: vec![("N-MUG".to_owned(), 2)],
            }],
            open_at_rest: 0,
        }],
        shown: Some(Shown {
            status: "SHIPPED".to_owned(),
            financial_status: "PAID".to_owned(),
            lines: vec![ShownLine {
                sku: "MUG".to_owned(),
                quantity: 2,
                units: [("SHIPPED".to_owned(), 2)].into(),
            }],
            purchase_orders: vec![("DEMO-1001-1".to_owned(), "SHIPPED".to_owned())],
            shipments: vec![("NORTH1".to_owned(), "FULFILLED".to_owned())],
            ..Shown::default()
        }),
        ..Order::default()
    }
}

/// The same, cancelled at 10 while the supplier has not shipped yet, and taken back.
fn cancelled() -> Order {
    let mut order = shipped();
    order.cancelled_at = Some(at(10));
    order.shown_cancelled_at = Some(at(12));
    order.financial_status = "REFUNDED".into();
    order.fulfillments.clear();
    let po = &mut order.purchase_orders[0];
    po.parcels.clear();
    po.lines[0].shipped = 0;
    po.lines[0].cancelled = 2;
    po.calls.push(Call {
        kind: "purchase_order.cancel_requested".to_owned(),
        ..created(11)
    });
    let shown = shown(&mut order);
    shown.status = "CANCELLED".into();
    shown.is_cancelled = true;
    shown.financial_status = "REFUNDED".into();
    shown.lines[0].units = [("CANCELLED".to_owned(), 2)].into();
    shown.shipments.clear();
    shown.purchase_orders[0].1 = "CANCELLED".into();
    order
}

fn shown(order: &mut Order) -> &mut Shown {
    order.shown.as_mut().expect("it is shown")
}

/// What is found about an order, by invariant.
fn found(order: Order) -> Vec<Invariant> {
    let facts = Facts {
        orders: vec![order],
        load: Load::default(),
    };
    let mut found: Vec<Invariant> = violations(&facts).into_iter().map(|one| one.invariant).collect();
    found.dedup();
    found
}

#[rstest]
#[case::shipped(shipped())]
#[case::cancelled(cancelled())]
fn a_good_history_breaks_nothing(#[case] order: Order) {
    let facts = Facts {
        orders: vec![order],
        load: Load::default(),
    };
    assert_eq!(violations(&facts), []);
}

/// Breaks the history of the shipped order in one way.
#[rstest]
#[case::an_acknowledged_order_is_lost(Invariant::Acknowledged, |order: &mut Order| order.shown = None)]
#[case::an_acknowledged_call_is_lost(Invariant::Acknowledged, |order: &mut Order| order.deliveries[0].kept = None)]
#[case::an_acknowledged_call_is_never_read(Invariant::Acknowledged, |order: &mut Order| order.deliveries[0].kept = Some("received".into()))]
#[case::an_acknowledged_change_is_lost(Invariant::Acknowledged, |order: &mut Order| order.financial_status = "PARTIALLY_REFUNDED".into())]
#[case::an_acknowledged_edit_is_lost(Invariant::Acknowledged, |order: &mut Order| order.lines[0].quantity = 3)]
#[case::a_unit_is_nowhere(Invariant::Somewhere, |order: &mut Order| {
    shown(order).lines[0].units = [("SHIPPED".to_owned(), 1)].into();
    order.fulfillments[0].lines[0].1 = 1;
    order.purchase_orders[0].lines[0].shipped = 1;
    order.purchase_orders[0].lines[0].cancelled = 1;
})]
#[case::a_unit_is_in_two_places(Invariant::Somewhere, |order: &mut Order| {
    shown(order).lines[0].units.insert("ALLOCATED".to_owned(), 1);
})]
#[case::a_correction_is_lost(Invariant::Explained, |order: &mut Order| {
    order.purchase_orders[0].parcels[0].number = "NORTH2".into();
    shown(order).shipments[0].0 = "NORTH2".into();
})]
#[case::placed_under_two_keys(Invariant::Once, |order: &mut Order| order.purchase_orders[0].calls[1].webhook_id = "key-2".into())]
#[case::placed_with_two_contents(Invariant::Once, |order: &mut Order| order.purchase_orders[0].calls[1].lines[0].1 = 1)]
#[case::placed_twice(Invariant::Once, |order: &mut Order| {
    let mut second = order.purchase_orders[0].clone();
    second.number = "DEMO-1001-2".into();
    second.parcels.clear();
    second.lines[0].shipped = 0;
    order.purchase_orders.push(second);
})]
#[case::one_parcel_makes_two_fulfillments(Invariant::Once, |order: &mut Order| {
    order.fulfillments[0].lines[0].1 = 1;
    let second = order.fulfillments[0].clone();
    order.fulfillments.push(second);
})]
#[case::more_is_fulfilled_than_shipped(Invariant::Once, |order: &mut Order| {
    order.purchase_orders[0].lines[0].shipped = 1;
})]
#[case::a_confirmed_parcel_is_forgotten(Invariant::ForwardOnly, |order: &mut Order| shown(order).shipments.clear())]
#[case::bought_before_it_was_paid(Invariant::NeverAsk, |order: &mut Order| order.paid_at = Some(at(4)))]
#[case::bought_and_never_paid(Invariant::NeverAsk, |order: &mut Order| order.paid_at = None)]
#[case::bought_too_dear(Invariant::NeverAsk, |order: &mut Order| {
    for call in &mut order.purchase_orders[0].calls {
        call.lines[0].2 = "4.50".into();
    }
})]
#[case::asked_without_end(Invariant::Bounded, |order: &mut Order| order.purchase_orders[0].calls = vec![created(3); 100])]
#[case::still_to_be_routed(Invariant::Explained, |order: &mut Order| shown(order).status = "AWAITING_ROUTING".into())]
#[case::attention_without_a_reason(Invariant::Explained, |order: &mut Order| shown(order).status = "NEEDS_ATTENTION".into())]
#[case::held_without_a_hold(Invariant::Explained, |order: &mut Order| shown(order).status = "HELD".into())]
#[case::shipped_with_units_left(Invariant::Explained, |order: &mut Order| order.lines[0].remaining = 1)]
#[case::a_parcel_that_never_came_to_shopify(Invariant::Explained, |order: &mut Order| order.fulfillments.clear())]
#[case::asked_to_map_what_is_mapped(Invariant::Explained, |order: &mut Order| {
    let shown = shown(order);
    shown.status = "NEEDS_ATTENTION".into();
    shown.exceptions.push(Exception { kind: "UNMAPPED_LINE".into(), is_open: true, sku: Some("MUG".into()), ..Exception::default() });
})]
#[case::given_up_for_good(Invariant::Explained, |order: &mut Order| {
    let shown = shown(order);
    shown.status = "NEEDS_ATTENTION".into();
    shown.exceptions.push(Exception { kind: "JOB_FAILED".into(), is_open: true, ..Exception::default() });
})]
fn a_broken_history_is_found(#[case] invariant: Invariant, #[case] break_it: fn(&mut Order)) {
    let mut order = shipped();
    break_it(&mut order);
    let found = found(order);
    assert!(found.contains(&invariant), "{found:?}");
}

/// Breaks the history of the cancelled order in one way.
#[rstest]
#[case::never_taken_back(|order: &mut Order| {
    let po = &mut order.purchase_orders[0];
    po.calls.retain(|call| call.kind == "purchase_order.created");
    po.lines[0].cancelled = 0;
    po.open_at_rest = 2;
})]
#[case::placed_after_the_cancel(|order: &mut Order| order.purchase_orders[0].calls = vec![created(13)])]
fn a_cancel_that_is_none_is_found(#[case] break_it: fn(&mut Order)) {
    let mut order = cancelled();
    break_it(&mut order);
    let found = found(order);
    assert!(found.contains(&Invariant::CancelMeansCancel), "{found:?}");
}

/// A unit that was refunded stays with the supplier.
#[test]
fn a_refund_that_reaches_nobody_is_found() {
    let mut order = shipped();
    order.lines[0].current = 1;
    order.purchase_orders[0].open_at_rest = 1;
    assert!(found(order).contains(&Invariant::CancelMeansCancel));
}

#[rstest]
#[case::memory(Load { peak_memory_bytes: 2_000_000_000, ..Load::default() })]
#[case::an_end(Load { ended_by_themselves: vec!["node a".into()], ..Load::default() })]
#[case::no_rest(Load { restless: Some("calls".to_owned()), ..Load::default() })]
fn an_installation_without_bounds_is_found(#[case] load: Load) {
    let facts = Facts {
        orders: vec![shipped()],
        load,
    };
    let found = violations(&facts);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].invariant, Invariant::Bounded);
}

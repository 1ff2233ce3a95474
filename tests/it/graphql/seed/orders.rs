//! More orders and purchase orders of a shop, each with what belongs to it.

use orderyard::{
    domain::{
        fulfilment::ShipmentState,
        order::{FinancialStatus, OrderStatus, OrderTraits},
        purchase_order::PurchaseOrderStatus,
    },
    ids::*,
    store::{self, Tx, columns::Json},
};
use serde_json::json;

use super::eur;
use crate::graphql::world::World;

/// One more order of a shop, with one line and two events.
pub async fn add_order(
    world: &World,
    tx: &Tx,
    shop: ShopId,
    variant: ShopifyVariantId,
    shopify_id: i64,
) -> (OrderId, OrderLineId) {
    let now = world.app.clock.now();
    let (id, line) = (OrderId::generate(), OrderLineId::generate());
    let row = store::orders::Model {
        id,
        shop_id: shop,
        shopify_id: ShopifyOrderId(shopify_id),
        name: format!("#{shopify_id}"),
        status: OrderStatus::WithSupplier,
        reason: None,
        financial_status: FinancialStatus::Paid,
        currency: eur(),
        total_minor: 1999,
        cancelled_at: None,
        placed_at: now,
        shopify_updated_at: now,
        imported_at: now,
        needs_shipping: true,
        ship_to: None,
        facts: store::columns::Json(OrderTraits::default()),
        customer_id: None,
        po_counter: 0,
        waits: 0,
        redacted_at: None,
    };
    store::insert(tx, row).expect("an order");
    let row = store::order_lines::Model {
        id: line,
        shop_id: shop,
        order_id: id,
        shopify_id: ShopifyLineItemId(shopify_id),
        position: 0,
        variant_id: Some(variant),
        sku: Some("MUG".to_owned()),
        title: "Mug".to_owned(),
        variant_title: None,
        requires_shipping: true,
        quantity: 2,
        current_quantity: 2,
        ours: 2,
        held: 0,
        elsewhere: 0,
        fulfilled_by_us: 0,
        fulfilled_outside: 0,
        handled: 0,
    };
    store::insert(tx, row).expect("a line");
    for message in ["read", "routed"] {
        let row = store::events::Model {
            id: EventId::generate(),
            shop_id: shop,
            order_id: id,
            at: now,
            actor: "Orderyard".to_owned(),
            kind: "changed".to_owned(),
            message: message.to_owned(),
        };
        store::insert(tx, row).expect("an event");
    }
    (id, line)
}

/// One more purchase order, with its line, allocation, plan and a parcel.
#[expect(
    clippy::too_many_arguments,
    clippy::too_many_lines,
    reason = "each argument is another row's id, and most lines are columns"
)]
pub async fn add_purchase_order(
    world: &World,
    tx: &Tx,
    shop: ShopId,
    supplier: SupplierId,
    offer: OfferId,
    order: OrderId,
    order_line: OrderLineId,
    number: String,
) -> (PurchaseOrderId, PoLineId, ShipmentId) {
    let now = world.app.clock.now();
    let (id, line, shipment) = (
        PurchaseOrderId::generate(),
        PoLineId::generate(),
        ShipmentId::generate(),
    );
    let plan = store::routing_plans::Model {
        id: RoutingPlanId::generate(),
        shop_id: shop,
        order_id: order,
        decided_at: now,
        cost_minor: Some(840),
        currency: Some(eur()),
        explanation: Json(json!({ "lines": [], "costs": [] })),
    };
    let plan_id = plan.id;
    store::insert(tx, plan).expect("a plan");
    let row = store::purchase_orders::Model {
        id,
        number,
        shop_id: shop,
        supplier_id: supplier,
        order_id: order,
        order_name: "#1001".to_owned(),
        status: PurchaseOrderStatus::Placed,
        currency: eur(),
        total_minor: 840,
        ship_to: None,
        ship_by: Some(now),
        supplier_reference: None,
        created_at: now,
        send_after: None,
        given_up_at: None,
        sent_at: Some(now),
        asked_at: None,
        placed_at: Some(now),
        cancel_requested_at: None,
        cancel_reason: None,
        asked_back_by_hand: false,
        updated_at: now,
    };
    store::insert(tx, row).expect("a purchase order");
    let row = store::po_lines::Model {
        id: line,
        shop_id: shop,
        supplier_id: supplier,
        purchase_order_id: id,
        position: 0,
        offer_id: offer,
        sku: "NT-MUG".to_owned(),
        title: "Mug".to_owned(),
        quantity: 2,
        unit_cost_minor: 420,
        accepted: 0,
        rejected: 0,
        shipped: 1,
        cancelled: 0,
        cancel_requested: 0,
        never_sent: 0,
        reject_reason: None,
    };
    store::insert(tx, row).expect("a line");
    let row = store::allocations::Model {
        id: AllocationId::generate(),
        shop_id: shop,
        order_id: order,
        plan_id,
        order_line_id: order_line,
        group_id: AllocationGroupId::generate(),
        units: 2,
        per_unit: 1,
        offer_id: offer,
        supplier_id: supplier,
        po_line_id: line,
        status: store::allocations::AllocationStatus::Live,
        created_at: now,
    };
    store::insert(tx, row).expect("an allocation");
    let row = store::shipments::Model {
        id: shipment,
        shop_id: shop,
        supplier_id: supplier,
        order_id: order,
        purchase_order_id: id,
        reference: "P1".to_owned(),
        fingerprint: Vec::new(),
        carrier: Some("DHL".to_owned()),
        tracking_number: Some("00340".to_owned()),
        tracking_url: None,
        shipped_at: now,
        state: ShipmentState::Recorded,
        tracking_version: 0,
        created_at: now,
    };
    store::insert(tx, row).expect("a parcel");
    let row = store::shipment_lines::Model {
        id: RowId::generate(),
        shop_id: shop,
        shipment_id: shipment,
        po_line_id: line,
        quantity: 1,
    };
    store::insert(tx, row).expect("a parcel's line");
    (id, line, shipment)
}

//! Decisions about exceptions: each closes it, says who decided, and enqueues
//! what follows; once.

use orderyard::{
    actions::{revisit_orders::RevisitOrders, route_order::RouteOrder},
    domain::{
        exception::{ExceptionKind, ExceptionStatus},
        purchase_order::PurchaseOrderStatus,
    },
    ids::{ExceptionId, OrderLineId},
    queue::{Attempt, Job},
    store::{self, columns::Json, exceptions, purchase_orders, shops},
};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use super::{
    seed::Tenant,
    world::{As, World},
};

const ANSWER: &str = "{ exception { status resolution choices order { status } } problems { code message } }";

async fn decide(world: &World, tenant: &Tenant, call: &str) -> Value {
    let query = format!("mutation {{ decided: {call} {ANSWER} }}");
    world.data(&As::Session(&tenant.owner), &query, json!({})).await["decided"].clone()
}

/// Changes what the planted exception is about.
async fn exception(world: &World, tenant: &Tenant, change: impl FnOnce(&mut exceptions::Model)) {
    let tx = world.tx().await;
    let found = exceptions::by_id(tx.conn(), tenant.shop, tenant.exception).await;
    let mut row = found.expect("reads").expect("is there");
    change(&mut row);
    store::save(&tx, row).expect("saves");
    tx.commit().await.expect("commits");
}

/// Lets the shop buy without a click.
async fn automate(world: &World, tenant: &Tenant) {
    let tx = world.tx().await;
    let found = shops::by_id(tx.conn(), tenant.shop).await;
    let mut row = found.expect("reads").expect("is there");
    row.settings.0.automation = true;
    store::save(&tx, row).expect("saves");
    tx.commit().await.expect("commits");
}

async fn purchase_order(world: &World, tenant: &Tenant) -> purchase_orders::Model {
    let found = purchase_orders::by_id(world.app.db.read(), tenant.shop, tenant.purchase_order).await;
    found.expect("reads").expect("is there")
}

/// The payloads of the jobs of one name that wait.
async fn jobs<J: Job>(world: &World) -> Vec<J> {
    let rows = store::jobs::Entity::find()
        .all(world.app.db.read())
        .await
        .expect("reads");
    let rows = rows.into_iter().filter(|row| row.name == J::NAME);
    rows.map(|row| serde_json::from_str(&row.payload).expect("a payload"))
        .collect()
}

async fn last_event(world: &World, tenant: &Tenant) -> Value {
    let query = "query($id: ID!) { order(id: $id) { events(first: 1) { nodes { actor kind message } } } }";
    let data = world
        .data(&As::Session(&tenant.owner), query, json!({ "id": tenant.order }))
        .await;
    data["order"]["events"]["nodes"][0].clone()
}

#[tokio::test]
async fn a_retry_closes_and_routes_and_is_done_once() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let call = format!("retryException(exceptionId: \"{}\")", tenant.exception);
        let answer = decide(&world, &tenant, &call).await;
        assert_eq!(answer["exception"]["status"], "RESOLVED", "{answer}");
        assert_eq!(answer["exception"]["resolution"], "It is tried again (Olga Owner)");
        assert_eq!(answer["exception"]["choices"], json!([]));
        assert_ne!(answer["exception"]["order"]["status"], "NEEDS_ATTENTION");
        let expect = json!({ "actor": "Olga Owner", "kind": "exception_resolved", "message": "It is tried again" });
        assert_eq!(last_event(&world, &tenant).await, expect);
        assert_eq!(jobs::<RouteOrder>(&world).await.len(), 1);

        let answer = decide(&world, &tenant, &call).await;
        assert_eq!(answer["problems"][0]["code"], "ALREADY_DONE");
        assert_eq!(jobs::<RouteOrder>(&world).await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_not_among_the_choices_is_refused() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let id = tenant.exception;
        for call in [
            format!("acceptPrice(exceptionId: \"{id}\")"),
            format!("settleUnknown(exceptionId: \"{id}\", placed: true)"),
            format!("settleFulfillment(exceptionId: \"{id}\")"),
            format!("settleFulfilledByHand(exceptionId: \"{id}\", choice: ADOPT_TRACKING)"),
        ] {
            assert_eq!(
                decide(&world, &tenant, &call).await["problems"][0]["code"],
                "CONFLICT",
                "{call}"
            );
        }
        let call = format!("markHandled(exceptionId: \"{id}\", note: \" \")");
        assert_eq!(decide(&world, &tenant, &call).await["problems"][0]["code"], "INVALID");
        let call = format!("markHandled(exceptionId: \"{id}\", note: \"sent a spare\")");
        assert_eq!(
            decide(&world, &tenant, &call).await["exception"]["resolution"],
            "sent a spare (Olga Owner)"
        );
    }
}

#[tokio::test]
async fn an_offer_is_chosen_only_where_it_can_be_bought() {
    for world in World::each(false).await {
        let (tenant, other) = (world.tenant(1).await, world.tenant(2).await);
        let call = |offer| {
            format!(
                "chooseSupplier(exceptionId: \"{}\", offerId: \"{offer}\")",
                tenant.exception
            )
        };
        let answer = decide(&world, &tenant, &call(other.offer)).await;
        assert_eq!(answer["problems"][0]["code"], "INVALID");
        // Shopify has not made the fulfillment orders of this one: a choice would be lost.
        let answer = decide(&world, &tenant, &call(tenant.offer)).await;
        assert_eq!(answer["problems"][0]["code"], "CONFLICT", "{answer}");
        assert_eq!(jobs::<RouteOrder>(&world).await.len(), 0);
        exception(&world, &tenant, |row| assert_eq!(row.status, ExceptionStatus::Open)).await;
    }
}

/// The person accepts what was shown, whatever the offer costs by now.
#[tokio::test]
async fn accepting_a_price_accepts_the_one_that_was_shown() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let money = |minor: i64| json!({ "amount_minor": minor, "currency": "EUR" });
        let line = json!({
            "line": tenant.order_line, "units": 1, "reason": "refused", "rejected": [],
            "outcome": { "kind": "price_rose", "offer": tenant.offer, "accepted": money(400), "now": money(415) },
        });
        exception(&world, &tenant, |row| {
            row.kind = ExceptionKind::PriceRose;
            row.evidence = Some(Json(line));
        })
        .await;
        let prices = "query($id: ID!) { exceptions(filter: { orderId: $id }) { nodes { acceptedCost { decimal } currentCost { decimal } } } }";
        let data = world
            .data(&As::Session(&tenant.owner), prices, json!({ "id": tenant.order }))
            .await;
        assert_eq!(
            data["exceptions"]["nodes"][0],
            json!({ "acceptedCost": { "decimal": "4.00" }, "currentCost": { "decimal": "4.15" } })
        );
        let answer = decide(
            &world,
            &tenant,
            &format!("acceptPrice(exceptionId: \"{}\")", tenant.exception),
        )
        .await;
        assert_eq!(
            answer["exception"]["resolution"],
            "The price of 4.15 EUR was accepted (Olga Owner)"
        );
        assert_eq!(accepted_cost(&world, &tenant).await, "4.15");
        assert_eq!(jobs::<RouteOrder>(&world).await.len(), 1);
    }
}

async fn accepted_cost(world: &World, tenant: &Tenant) -> String {
    let query = "query($id: ShopifyId!) { variant(id: $id) { mapping { alternatives { components { acceptedCost { decimal } } } } } }";
    let data = world
        .data(
            &As::Session(&tenant.owner),
            query,
            json!({ "id": tenant.variant.to_string() }),
        )
        .await;
    let component = &data["variant"]["mapping"]["alternatives"][0]["components"][0];
    component["acceptedCost"]["decimal"]
        .as_str()
        .expect("a cost")
        .to_owned()
}

#[tokio::test]
async fn mapping_a_variant_routes_whatever_waited_for_it() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        automate(&world, &tenant).await;
        exception(&world, &tenant, |row| row.kind = ExceptionKind::UnmappedLine).await;
        // One more order waits for the same variant, and one for another.
        let elsewhere = wait_for(&world, &tenant, tenant.order_line).await;
        let other_line = wait_for(&world, &tenant, OrderLineId::generate()).await;
        let components = format!(
            "alternatives: [{{ components: [{{ offerId: \"{}\", quantity: 1 }}] }}]",
            tenant.offer
        );
        let call = format!("resolveByMapping(exceptionId: \"{}\", {components})", tenant.exception);
        let answer = decide(&world, &tenant, &call).await;
        assert_eq!(answer["exception"]["status"], "RESOLVED", "{answer}");
        assert_eq!(
            accepted_cost(&world, &tenant).await,
            "4.00",
            "what was accepted stays, although the offer costs more by now"
        );

        let revisits = jobs::<RevisitOrders>(&world).await;
        let attempt = Attempt {
            number: 1,
            is_last: false,
        };
        assert_eq!(revisits.len(), 1);
        revisits[0].run(&world.app, attempt).await.expect("runs");
        assert_eq!(status(&world, &tenant, elsewhere).await, ExceptionStatus::Resolved);
        assert_eq!(status(&world, &tenant, other_line).await, ExceptionStatus::Open);
        assert_eq!(jobs::<RouteOrder>(&world).await.len(), 1, "the same order waits once");
    }
}

async fn wait_for(world: &World, tenant: &Tenant, line: OrderLineId) -> ExceptionId {
    let tx = world.tx().await;
    let found = exceptions::by_id(tx.conn(), tenant.shop, tenant.exception).await;
    let mut row = found.expect("reads").expect("is there");
    row.id = ExceptionId::generate();
    row.order_line_id = Some(line);
    row.dedupe_key = row.id.to_string();
    let id = row.id;
    store::insert(&tx, row).expect("an exception");
    tx.commit().await.expect("commits");
    id
}

async fn status(world: &World, tenant: &Tenant, id: ExceptionId) -> ExceptionStatus {
    let found = exceptions::by_id(world.app.db.read(), tenant.shop, id).await;
    found.expect("reads").expect("is there").status
}

#[tokio::test]
async fn an_unknown_outcome_is_settled_by_what_the_supplier_says() {
    for (placed, expect) in [
        (true, PurchaseOrderStatus::Placed),
        (false, PurchaseOrderStatus::Cancelled),
    ] {
        for world in World::each(false).await {
            let tenant = world.tenant(1).await;
            let tx = world.tx().await;
            let mut po = purchase_order(&world, &tenant).await;
            po.status = PurchaseOrderStatus::OutcomeUnknown;
            store::save(&tx, po).expect("saves");
            tx.commit().await.expect("commits");
            exception(&world, &tenant, |row| {
                row.kind = ExceptionKind::OutcomeUnknown;
                row.purchase_order_id = Some(tenant.purchase_order);
            })
            .await;
            let call = format!(
                "settleUnknown(exceptionId: \"{}\", placed: {placed}, supplierReference: \"N-77\")",
                tenant.exception
            );
            assert_eq!(decide(&world, &tenant, &call).await["problems"], json!([]));
            let po = purchase_order(&world, &tenant).await;
            assert_eq!(po.status, expect);
            assert_eq!(po.supplier_reference.is_some(), placed);
            // What does not stand there is routed again.
            assert_eq!(jobs::<RouteOrder>(&world).await.len(), usize::from(!placed));
        }
    }
}

#[tokio::test]
async fn tracking_is_adopted_once_there_is_a_parcel() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        exception(&world, &tenant, |row| {
            row.kind = ExceptionKind::FulfilledByHand;
            row.purchase_order_id = Some(tenant.purchase_order);
        })
        .await;
        let call = format!(
            "settleFulfilledByHand(exceptionId: \"{}\", choice: ADOPT_TRACKING)",
            tenant.exception
        );
        let answer = decide(&world, &tenant, &call).await;
        assert_eq!(answer["exception"]["status"], "RESOLVED", "{answer}");
        let tracking = jobs::<orderyard::actions::update_tracking::UpdateTracking>(&world).await;
        assert_eq!(tracking.len(), 1);
    }
}

#[tokio::test]
async fn a_purchase_order_is_asked_back_with_a_reason() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let call = |reason: &str| {
            format!(
                "mutation {{ cancelPurchaseOrder(id: \"{}\", reason: \"{reason}\") {{ purchaseOrder {{ cancelReason }} problems {{ code }} }} }}",
                tenant.purchase_order
            )
        };
        let who = As::Session(&tenant.owner);
        let data = world.data(&who, &call(" "), json!({})).await;
        assert_eq!(data["cancelPurchaseOrder"]["problems"][0]["code"], "INVALID");
        let data = world.data(&who, &call("ordered twice"), json!({})).await;
        assert_eq!(
            data["cancelPurchaseOrder"]["purchaseOrder"]["cancelReason"],
            "ordered twice"
        );
        let jobs = jobs::<orderyard::actions::cancel_purchase_order::CancelPurchaseOrder>(&world).await;
        assert_eq!(jobs.len(), 1);
        let event = last_event(&world, &tenant).await;
        assert_eq!(event["message"], "SHOP1-1001-1 shall be cancelled: ordered twice");
    }
}

//! What scopes open, and what stays shut without them.

use chrono::TimeDelta;
use sandbox::OrderSpec;
use serde_json::{Value, json};

use crate::harness::{SCOPES, World, gid, refusal};

#[tokio::test]
async fn a_field_without_its_scope_is_null_with_access_denied() {
    let world = World::new().await;
    let order = world.order(&[1]);
    let answer = world
        .try_gql("OrderCustomer", json!({ "id": gid("Order", order.order.id) }))
        .await;
    assert_eq!(answer["data"]["order"]["customer"], Value::Null);
    assert_eq!(
        answer["data"]["order"]["id"],
        gid("Order", order.order.id),
        "the rest is there"
    );
    let error = &answer["errors"][0];
    assert_eq!(
        error["message"],
        "Access denied for customer field. Required access: `read_customers` access scope."
    );
    assert_eq!(error["extensions"]["code"], "ACCESS_DENIED");
    assert_eq!(error["path"], json!(["order", "customer"]));

    let allowed = World::with_scopes(&format!("{SCOPES},read_customers")).await;
    let order = allowed.order(&[1]);
    let data = allowed
        .gql("OrderCustomer", json!({ "id": gid("Order", order.order.id) }))
        .await;
    assert_eq!(data["order"]["customer"]["displayName"], "Jon Doe");
}

#[tokio::test]
async fn roots_and_mutations_ask_for_theirs() {
    let world = World::with_scopes("read_products").await;
    let item = gid("InventoryItem", world.product(&["A"]).inventory_items[0]);
    let cases = [
        ("OrdersUpdatedSince", json!({ "query": "" }), "orders"),
        ("Locations", json!({}), "locations"),
        ("AssignedFulfillmentOrders", json!({}), "assignedFulfillmentOrders"),
        (
            "FulfillmentCreate",
            json!({ "fulfillment": { "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": gid("FulfillmentOrder", 1) }] } }),
            "fulfillmentCreate",
        ),
        (
            "InventoryActivate",
            json!({ "inventoryItemId": item, "locationId": gid("Location", 1), "idempotencyKey": "k" }),
            "inventoryActivate",
        ),
    ];
    for (operation, variables, field) in cases {
        let answer = world.try_gql(operation, variables).await;
        let message = answer["errors"][0]["message"]
            .as_str()
            .unwrap_or_else(|| panic!("{operation}: {answer}"));
        assert!(
            message.starts_with(&format!("Access denied for {field} field.")),
            "{message}"
        );
    }
    world.gql("ShopDetails", json!({})).await;
    world.gql("VariantsPage", json!({ "query": "sku:A" })).await;
}

#[tokio::test]
async fn granted_scopes_list_what_they_imply() {
    let world = World::with_scopes("write_orders,read_products").await;
    let data = world.gql("GrantedScopes", json!({})).await;
    let handles: Vec<_> = data["currentAppInstallation"]["accessScopes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["handle"])
        .collect();
    assert_eq!(handles, ["read_orders", "read_products", "write_orders"]);
}

#[tokio::test]
async fn fulfillment_orders_show_only_where_the_scopes_reach() {
    let world = World::with_scopes("read_orders,write_assigned_fulfillment_orders,read_locations,read_products").await;
    let order = world.order(&[1]);
    let id = gid("Order", order.order.id);
    let data = world.gql("FulfillmentOrders", json!({ "orderId": id })).await;
    assert_eq!(
        data["order"]["fulfillmentOrders"]["nodes"],
        json!([]),
        "it is at the merchant's own location"
    );

    let fo = gid("FulfillmentOrder", order.fulfillment_orders[0].id);
    let data = world.gql("FulfillmentOrderOwner", json!({ "id": fo })).await;
    assert_eq!(data["fulfillmentOrder"], Value::Null);
    let variables = json!({ "fulfillment": { "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": fo }] } });
    let data = world.gql("FulfillmentCreate", variables).await;
    assert_eq!(refusal(&data["fulfillmentCreate"]), "Fulfillment order does not exist.");
}

#[tokio::test]
async fn orders_older_than_sixty_days_need_read_all_orders() {
    let world = World::new().await;
    let product = world.product(&["A"]);
    let created_at = Some(world.clock.now() - TimeDelta::days(61));
    let old = world.place(OrderSpec {
        created_at,
        ..OrderSpec::of([(product.variants[0], 1)])
    });
    let id = gid("Order", old.order.id);
    assert_eq!(world.gql("OrderLines", json!({ "id": id })).await["order"], Value::Null);
    assert_eq!(
        world.gql("OrderPages", json!({ "first": 5 })).await["orders"]["edges"],
        json!([])
    );

    world
        .shop
        .install_managed(&format!("{SCOPES},read_all_orders"))
        .unwrap();
    assert_ne!(world.gql("OrderLines", json!({ "id": id })).await["order"], Value::Null);
}

#[tokio::test]
async fn topics_need_their_scopes() {
    let world = World::with_scopes("read_products").await;
    let uri = json!({ "uri": "https://app.example/hooks" });
    for (topic, allowed) in [
        ("ORDERS_CREATE", false),
        ("FULFILLMENTS_CREATE", false),
        ("FULFILLMENT_ORDERS_MOVED", false),
        ("INVENTORY_LEVELS_UPDATE", false),
        ("PRODUCTS_UPDATE", true),
        ("APP_UNINSTALLED", true),
    ] {
        let data = world
            .gql(
                "WebhookSubscriptionCreate",
                json!({ "topic": topic, "webhookSubscription": uri }),
            )
            .await;
        let made = !data["webhookSubscriptionCreate"]["webhookSubscription"].is_null();
        assert_eq!(made, allowed, "{topic}");
    }
}

//! The endpoint itself: authentication, versions, validation, cost, throttling, pagination.

use chrono::TimeDelta;
use sandbox::OrderSpec;
use serde_json::{Value, json};

use crate::harness::{World, document, gid};

#[tokio::test]
async fn refuses_strangers_and_unknown_places() {
    let world = World::new().await;
    for token in ["", "shpat_wrong"] {
        let response = world
            .post_graphql("2026-10", token, "{ shop { id } }", Value::Null)
            .await
            .unwrap();
        assert_eq!(response.status(), 401);
    }
    let url = world.shop.base_url().replace("demo", "nobody");
    let response = world
        .http
        .post(format!("{url}/admin/api/2026-10/graphql.json"))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 404);
    let (status, answer) = world.raw("", json!([1])).await;
    assert_eq!(
        (status, answer["errors"]["query"].as_str()),
        (400, Some("Required parameter missing or invalid"))
    );
}

#[tokio::test]
async fn old_versions_fall_forward_and_say_so() {
    let world = World::new().await;
    for (asked, used) in [
        ("2026-10", "2026-10"),
        ("2026-01", "2026-01"),
        ("2024-04", "2026-01"),
        ("unstable", "unstable"),
    ] {
        let response = world
            .post_graphql(asked, &world.token, "{ shop { id } }", Value::Null)
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{asked}");
        assert_eq!(response.headers()["x-shopify-api-version"], used, "{asked}");
    }
    for nonsense in ["2026-02", "latest", "2030-01"] {
        let response = world
            .post_graphql(nonsense, &world.token, "{ shop { id } }", Value::Null)
            .await
            .unwrap();
        assert_eq!(response.status(), 404, "{nonsense}");
    }
}

#[tokio::test]
async fn invalid_documents_and_variables_are_errors_in_a_200() {
    let world = World::new().await;
    for (query, variables) in [
        ("{ shop { id colour } }", json!({})),
        ("{ shop { id ", json!({})),
        ("query Q($id: ID!) { order(id: $id) { id } }", json!({})),
        ("query Q($id: ID!) { order(id: $id) { id } }", json!({ "id": null })),
        (
            "mutation { fulfillmentCreate(fulfillment: {}) { userErrors { message } } }",
            json!({}),
        ),
    ] {
        let (status, answer) = world.raw(query, variables).await;
        assert_eq!(status, 200, "{query}");
        assert!(answer.get("data").is_none(), "{query}: {answer}");
        assert!(!answer["errors"][0]["message"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_malformed_id_is_an_error_and_an_unknown_one_is_null() {
    let world = World::new().await;
    let answer = world.try_gql("OrderLines", json!({ "id": "1001" })).await;
    assert_eq!(answer["errors"][0]["message"], "Invalid global id '1001'");
    let answer = world.try_gql("OrderLines", json!({ "id": gid("Product", 1) })).await;
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .starts_with("Invalid global id")
    );
    assert_eq!(
        world.gql("OrderLines", json!({ "id": gid("Order", 1) })).await["order"],
        Value::Null
    );
}

/// Every operation that the program sends runs here without errors, with plausible variables.
#[tokio::test]
async fn plays_every_operation_of_the_program() {
    let world = World::new().await;
    let location = world.service("North", None).await;
    let order = world.order(&[2]);
    let fo = &order.fulfillment_orders[0];
    let (own, line) = (
        gid("FulfillmentOrder", fo.id),
        gid("FulfillmentOrderLineItem", fo.lines[0].id),
    );
    let item = gid("InventoryItem", world.product(&["S"]).inventory_items[0]);
    let place = gid("Location", location);
    let known = json!({
        "id": gid("Order", order.order.id), "orderId": gid("Order", order.order.id), "withCustomer": false,
        "ids": [], "query": "updated_at:>='2020-01-01T00:00:00Z'",
        "topic": "ORDERS_CREATE", "webhookSubscription": { "uri": "https://app.example/hooks" },
        "fulfillment": { "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": own, "fulfillmentOrderLineItems": [{ "id": line, "quantity": 1 }] }] },
        "fulfillmentId": gid("Fulfillment", 1), "trackingInfoInput": { "number": "1" }, "notifyCustomer": false,
        "name": "South", "inventoryManagement": false, "trackingSupport": false, "requiresShippingMethod": true,
        "inventoryItemId": item, "locationId": place, "idempotencyKey": "k",
        "input": { "name": "available", "reason": "correction", "quantities": [] },
    });
    let folder = format!("{}/../src/shopify/queries", env!("CARGO_MANIFEST_DIR"));
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        let mut variables = known.clone();
        if name.contains("FulfillmentOrderOwner") || name.contains("FulfillmentOrderLines") || name.ends_with("Request")
        {
            variables["id"] = json!(own);
        }
        if name.starts_with("FulfillmentLines") {
            variables["id"] = json!(gid("Fulfillment", 1));
        }
        if name == "VariantsPage" {
            variables["query"] = json!("sku:A");
        }
        if name == "WebhookSubscriptionDelete" {
            variables["id"] = json!(gid("WebhookSubscription", 1));
        }
        let answer = world.try_gql(&name, declared(&document(&name), &variables)).await;
        assert!(answer.get("errors").is_none(), "{name}: {answer:#}");
        played += 1;
    }
    assert!(played >= 29, "only {played} operations found");
}

/// The variables that a document declares.
fn declared(document: &str, all: &Value) -> Value {
    let all = all.as_object().unwrap().iter();
    all.filter(|(name, _)| document.contains(&format!("${name}:")))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn reports_and_charges_the_cost() {
    let world = World::new().await;
    world.order(&[1]);
    let query = "{ orders(first: 10) { nodes { id lineItems(first: 5) { nodes { id } } } } }";
    let (_, answer) = world.raw(query, Value::Null).await;
    let cost = &answer["extensions"]["cost"];
    // 1 + 10 × (1 + 1 + 5 × 1) asked for, 1 + 1 + 1 + 1 found.
    assert_eq!(
        (cost["requestedQueryCost"].as_i64(), cost["actualQueryCost"].as_i64()),
        (Some(71), Some(4))
    );
    let status = &cost["throttleStatus"];
    assert_eq!(
        (status["maximumAvailable"].as_f64(), status["restoreRate"].as_f64()),
        (Some(2000.0), Some(100.0))
    );
    assert!(
        status["currentlyAvailable"].as_f64().unwrap() >= 1990.0,
        "what was not used came back"
    );
}

#[tokio::test]
async fn throttled_requests_are_a_200_and_change_nothing() {
    let world = World::new().await;
    let order = world.order(&[1]);
    world.shop.drain_bucket(5);
    let fo = gid("FulfillmentOrder", order.fulfillment_orders[0].id);
    let variables = json!({ "fulfillment": { "lineItemsByFulfillmentOrder": [{ "fulfillmentOrderId": fo }] } });
    let (status, answer) = world.raw(&document("FulfillmentCreate"), variables).await;
    assert_eq!(status, 200);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "THROTTLED");
    assert!(answer.get("data").is_none() && answer["extensions"]["cost"]["actualQueryCost"].is_null());
    assert!(world.reload(&order).fulfillments.is_empty());
}

#[tokio::test]
async fn no_single_query_may_cost_more_than_a_thousand() {
    let world = World::new().await;
    let query = "query Q($n: Int!) { orders(first: $n) { nodes { id lineItems(first: 20) { nodes { id } } } } }";
    let (status, answer) = world.raw(query, json!({ "n": 46 })).await;
    assert_eq!(
        (status, answer["errors"][0]["extensions"]["code"].as_str()),
        (200, Some("MAX_COST_EXCEEDED"))
    );
    assert_eq!(answer["errors"][0]["extensions"]["cost"], 1 + 46 * 22);
    assert!(world.raw(query, json!({ "n": 45 })).await.1.get("errors").is_none());
}

#[tokio::test]
async fn pages_forward_and_backward_through_all_orders_once() {
    let world = World::new().await;
    let product = world.product(&["A"]);
    for _ in 0..5 {
        world.clock.advance(TimeDelta::seconds(1));
        world
            .shop
            .create_order(OrderSpec::of([(product.variants[0], 1)]))
            .unwrap();
    }
    let names = |data: &Value| -> Vec<String> {
        let edges = data["orders"]["edges"].as_array().unwrap();
        edges
            .iter()
            .map(|edge| edge["node"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = world.gql("OrderPages", json!({ "first": 2 })).await;
    assert_eq!(names(&first), ["#1001", "#1002"]);
    assert_eq!(first["orders"]["pageInfo"]["hasNextPage"], true);
    let end = &first["orders"]["pageInfo"]["endCursor"];
    assert_eq!(*end, first["orders"]["edges"][1]["cursor"]);

    // An order that changes between two pages moves to the end and disturbs no other.
    let moved = world.shop.order_ids()[0];
    world.clock.advance(TimeDelta::seconds(1));
    world
        .shop
        .change_address(moved, sandbox::AddressSpec::default())
        .unwrap();
    let second = world.gql("OrderPages", json!({ "first": 10, "after": end })).await;
    assert_eq!(names(&second), ["#1003", "#1004", "#1005", "#1001"]);
    assert_eq!(second["orders"]["pageInfo"]["hasNextPage"], false);

    let back = world
        .gql(
            "OrderPages",
            json!({ "last": 2, "before": second["orders"]["edges"][2]["cursor"] }),
        )
        .await;
    assert_eq!(names(&back), ["#1003", "#1004"]);
    assert_eq!(back["orders"]["pageInfo"]["hasPreviousPage"], true);
    let reversed = world.gql("OrderPages", json!({ "first": 2, "reverse": true })).await;
    assert_eq!(names(&reversed), ["#1001", "#1005"]);
}

#[tokio::test]
async fn refuses_pages_that_shopify_refuses() {
    let world = World::new().await;
    for variables in [
        json!({}),
        json!({ "first": 251 }),
        json!({ "first": -1 }),
        json!({ "first": 1, "after": "nonsense" }),
        json!({ "first": 1, "query": "colour:red" }),
    ] {
        let answer = world.try_gql("OrderPages", variables.clone()).await;
        assert!(
            answer["data"].is_null() && answer["errors"].is_array(),
            "{variables}: {answer}"
        );
    }
    let ids: Vec<_> = (0..251).map(|id| gid("Order", id)).collect();
    let (_, answer) = world
        .raw(
            "query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }",
            json!({ "ids": ids }),
        )
        .await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "MAX_INPUT_SIZE_EXCEEDED");
}

#[tokio::test]
async fn finds_orders_by_time_and_variants_by_sku() {
    let world = World::new().await;
    let old = world.order(&[1]);
    world.clock.advance(TimeDelta::minutes(30));
    let since = world.clock.now().to_rfc3339();
    let new = world.order(&[1]);
    let found = world
        .gql(
            "OrdersUpdatedSince",
            json!({ "query": format!("updated_at:>='{since}'") }),
        )
        .await;
    assert_eq!(found["orders"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(found["orders"]["nodes"][0]["id"], gid("Order", new.order.id));
    let by_name = world
        .gql("OrderPages", json!({ "first": 5, "query": "name:#1001 OR name:#9999" }))
        .await;
    assert_eq!(by_name["orders"]["edges"][0]["node"]["id"], gid("Order", old.order.id));

    world.product(&["MUG-1", "MUG 2", "CUP"]);
    let data = world
        .gql("VariantsPage", json!({ "query": "sku:'MUG 2' OR sku:CUP" }))
        .await;
    let skus: Vec<_> = data["productVariants"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["sku"].as_str().unwrap())
        .collect();
    assert_eq!(skus, ["MUG 2", "CUP"]);
}

#[tokio::test]
async fn order_ids_do_not_survive_a_float() {
    let world = World::new().await;
    let order = world.order(&[1]);
    for id in [order.order.id, order.order.lines[0].id] {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "the loss is what is tested"
        )]
        let bent = id as f64 as i64;
        assert_ne!(id, bent);
    }
}

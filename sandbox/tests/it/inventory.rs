//! Stock, and the idempotency keys without which it is not set.

use sandbox::OrderSpec;
use serde_json::{Value, json};

use crate::harness::{Receiver, World, document, gid, subscribe};

struct Item {
    item: i64,
    location: i64,
}

impl Item {
    fn new(world: &World) -> Self {
        let item = world.product(&["A"]).inventory_items[0];
        Self {
            item,
            location: world.shop.locations()[0].0,
        }
    }

    fn set(&self, quantity: i64, from: Value, key: &str) -> Value {
        json!({ "idempotencyKey": key, "input": { "name": "available", "reason": "correction", "quantities": [{
            "inventoryItemId": gid("InventoryItem", self.item),
            "locationId": gid("Location", self.location),
            "quantity": quantity,
            "changeFromQuantity": from,
        }] } })
    }
}

async fn set(world: &World, variables: Value) -> Value {
    world.gql("InventorySetQuantities", variables).await["inventorySetQuantities"].clone()
}

#[tokio::test]
async fn without_a_key_nothing_is_set() {
    let world = World::new().await;
    let item = Item::new(&world);
    let bare = document("InventorySetQuantities")
        .replace("@idempotent(key: $idempotencyKey)", "")
        .replace(", $idempotencyKey: String!", "");
    assert!(!bare.contains("idempotent"));
    let (status, answer) = world.raw(&bare, item.set(5, Value::Null, "unused")).await;
    assert_eq!(status, 200);
    assert!(
        answer["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("@idempotent directive is required")
    );
    assert_eq!(world.shop.available(item.item, item.location), Some(100));
}

#[tokio::test]
async fn a_key_does_its_work_once_and_answers_alike_ever_after() {
    let world = World::new().await;
    let item = Item::new(&world);
    let first = set(&world, item.set(5, json!(100), "k1")).await;
    assert_eq!(first["inventoryAdjustmentGroup"]["changes"][0]["delta"], -95);
    assert_eq!(
        set(&world, item.set(5, json!(100), "k1")).await,
        first,
        "not stale: it is not run again"
    );
    let mismatch = set(&world, item.set(6, json!(100), "k1")).await;
    assert_eq!(mismatch["userErrors"][0]["code"], "IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
    assert_eq!(world.shop.available(item.item, item.location), Some(5));
}

#[tokio::test]
async fn refuses_stale_and_impossible_quantities() {
    let world = World::new().await;
    let item = Item::new(&world);
    let mut cases = vec![
        (item.set(5, json!(99), "a"), "CHANGE_FROM_QUANTITY_STALE"),
        (item.set(-1, Value::Null, "b"), "INVALID_QUANTITY_NEGATIVE"),
        (item.set(1_000_000_001, Value::Null, "c"), "INVALID_QUANTITY_TOO_HIGH"),
        (
            Item { item: 1, ..item }.set(5, Value::Null, "d"),
            "INVALID_INVENTORY_ITEM",
        ),
        (
            Item { location: 1, ..item }.set(5, Value::Null, "e"),
            "INVALID_LOCATION",
        ),
    ];
    for (key, pointer, value, code) in [
        ("f", "/input/name", json!("incoming"), "INVALID_NAME"),
        ("g", "/input/reason", json!("because"), "INVALID_REASON"),
    ] {
        let mut variables = item.set(5, Value::Null, key);
        *variables.pointer_mut(pointer).unwrap() = value;
        cases.push((variables, code));
    }
    let mut silent = item.set(5, Value::Null, "h");
    silent["input"]["quantities"][0]
        .as_object_mut()
        .unwrap()
        .remove("changeFromQuantity");
    cases.push((silent, "COMPARE_QUANTITY_REQUIRED"));
    for (variables, code) in cases {
        let refused = set(&world, variables).await;
        assert_eq!(refused["userErrors"][0]["code"], code, "{refused}");
    }
    assert_eq!(world.shop.available(item.item, item.location), Some(100));
}

#[tokio::test]
async fn orders_take_stock_and_cancelling_gives_it_back() {
    let receiver = Receiver::start().await;
    let world = World::new().await;
    subscribe(&world, &receiver, &["INVENTORY_LEVELS_UPDATE"]).await;
    let product = world.product(&["A"]);
    let (item, location) = (product.inventory_items[0], world.shop.locations()[0].0);
    let order = world.place(OrderSpec::of([(product.variants[0], 3)]));
    assert_eq!(world.shop.available(item, location), Some(97));
    assert_eq!(
        receiver.first_of("inventory_levels/update").await.json()["available"],
        97
    );
    world
        .shop
        .cancel_order(order.order.id, &sandbox::CancelRequest::default())
        .unwrap();
    assert_eq!(world.shop.available(item, location), Some(100));
}

//! The control API does over HTTP what the library does in process.

use serde_json::{Value, json};

use crate::harness::{SCOPES, World};

struct Control<'a>(&'a World);

impl Control<'_> {
    async fn get(&self, path: &str) -> Value {
        let response = self
            .0
            .http
            .get(format!("{}/_sandbox{path}", self.0.shopify.url()))
            .send()
            .await
            .unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let response = self
            .0
            .http
            .post(format!("{}/_sandbox{path}", self.0.shopify.url()))
            .json(&body)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    async fn delete(&self, path: &str) -> u16 {
        let response = self
            .0
            .http
            .delete(format!("{}/_sandbox{path}", self.0.shopify.url()))
            .send()
            .await
            .unwrap();
        response.status().as_u16()
    }
}

#[tokio::test]
async fn runs_a_shop_from_outside() {
    let world = World::new().await;
    let control = Control(&world);
    let new = json!({ "domain": "far.myshopify.com", "shop": { "name": "Far", "currency": "JPY" } });
    let (_, shop) = control.post("/shops", new).await;
    assert_eq!(shop["installed"], false);
    let (status, _) = control
        .post("/shops/far.myshopify.com/install-managed", json!({ "scopes": SCOPES }))
        .await;
    assert_eq!(status, 200);
    let product = json!({ "title": "Cup", "variants": [{ "sku": "CUP", "price": "900" }] });
    let (_, product) = control.post("/shops/far.myshopify.com/products", product).await;
    let order = json!({ "lines": [{ "variant_id": product["variants"][0], "quantity": 2 }], "shipping_price": "0", "routing_delay_ms": 0 });
    let (_, order) = control.post("/shops/far.myshopify.com/orders", order).await;
    let id = order["order"]["id"].as_str().expect("ids beyond 2^53 are text");

    let fo = order["fulfillment_orders"][0]["id"].as_i64().unwrap();
    let base = format!("/shops/far.myshopify.com/fulfillment-orders/{fo}");
    assert_eq!(control.post(&format!("{base}/hold"), Value::Null).await.0, 200);
    let (status, refused) = control.post(&format!("{base}/fulfil"), Value::Null).await;
    assert_eq!((status, refused["userErrors"].as_array().map(Vec::len)), (422, Some(1)));
    control.post(&format!("{base}/release"), Value::Null).await;
    let line = &order["order"]["lines"][0]["id"];
    let refund = json!({ "lines": [[line, 1]], "restock_type": "cancel" });
    let (_, order) = control
        .post(&format!("/shops/far.myshopify.com/orders/{id}/refund"), refund)
        .await;
    assert_eq!(order["order"]["refunds"][0]["amount_minor"], 900);
    assert_eq!(control.post(&format!("{base}/fulfil"), Value::Null).await.0, 200);
    let order = control.get(&format!("/shops/far.myshopify.com/orders/{id}")).await;
    assert_eq!(order["fulfillment_status"], "FULFILLED");

    let page = world
        .http
        .get(format!("{}/far.myshopify.com/admin", world.shopify.url()))
        .send()
        .await
        .unwrap();
    assert!(page.text().await.unwrap().contains("FULFILLED"));
}

#[tokio::test]
async fn plans_faults_and_reads_journals() {
    let world = World::new().await;
    let control = Control(&world);
    let fault = json!({ "target": "graphql", "operation": "ShopDetails", "effect": { "kind": "error_before", "status": 500 }, "times": 1 });
    let (status, made) = control.post("/faults", fault.clone()).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(control.get("/faults").await[0]["fault"]["effect"], fault["effect"]);
    let (status, _) = world.raw(&crate::harness::document("ShopDetails"), json!({})).await;
    assert_eq!(status, 500);
    let (_, made) = control
        .post(
            "/faults",
            json!({ "target": "webhook", "topic": null, "effect": { "kind": "drop" } }),
        )
        .await;
    assert_eq!(control.delete(&format!("/faults/{}", made["id"])).await, 204);
    assert_eq!(control.get("/faults").await, json!([]));

    let requests = control.get("/requests").await;
    assert_eq!(requests.as_array().unwrap().last().unwrap()["operation"], "ShopDetails");
    control.delete("/requests").await;
    assert_eq!(control.get("/requests").await, json!([]));
    assert_eq!(control.get("/deliveries").await, json!([]));
}

#[tokio::test]
async fn says_what_is_wrong_with_a_wish() {
    let world = World::new().await;
    let control = Control(&world);
    for (path, body, status) in [
        ("/shops/nobody.myshopify.com/orders", json!({}), 404),
        ("/shops/demo.myshopify.com/nonsense", json!({}), 404),
        ("/shops/demo.myshopify.com/orders", json!({ "colour": "red" }), 400),
        ("/shops/demo.myshopify.com/orders", json!({ "lines": [] }), 422),
        ("/faults", json!({ "target": "weather" }), 400),
        ("/app", json!({ "url": "not a url" }), 400),
    ] {
        let (found, answer) = control.post(path, body.clone()).await;
        assert_eq!(found, status, "{path} {body}: {answer}");
        assert!(answer["error"].is_string());
    }
}

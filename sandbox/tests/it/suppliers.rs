//! Pretend suppliers against a stub of Orderyard.

use std::time::Duration;

use sandbox::{
    Acknowledge, Behaviour, Cancellation, Intake, RejectReason, Repetition, Shipping, Supplier, SupplierConfig,
    SupplierFault, standard_signature,
};
use serde_json::{Value, json};

use crate::harness::{Call, Receiver, client, eventually};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A supplier and the stub that stands for Orderyard.
struct Stage {
    supplier: Supplier,
    orderyard: Receiver,
}

impl Stage {
    async fn new(behaviour: Behaviour) -> Self {
        let orderyard = Receiver::start().await;
        let config = SupplierConfig {
            orderyard_url: Some(orderyard.url.clone()),
            api_key: Some("key".to_owned()),
            behaviour,
            ..SupplierConfig::new("North", format!("{SECRET} {OLD_SECRET}"))
        };
        Self {
            supplier: Supplier::start(config).await.unwrap(),
            orderyard,
        }
    }

    async fn send(&self, id: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
        self.send_signed(id, body, SECRET, 0).await
    }

    /// Sends a call signed with `secret` and dated `age` seconds ago.
    async fn send_signed(
        &self,
        id: &str,
        body: &Value,
        secret: &str,
        age: i64,
    ) -> Result<(u16, Value), reqwest::Error> {
        let body = body.to_string();
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let at = i64::try_from(now).unwrap() - age;
        let signature = standard_signature(secret, id, at, body.as_bytes()).unwrap();
        let response = client()
            .post(self.supplier.endpoint())
            .header("webhook-id", id)
            .header("webhook-timestamp", at.to_string())
            .header("webhook-signature", signature)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        Ok((response.status().as_u16(), response.json().await.unwrap_or(Value::Null)))
    }

    /// The calls that the supplier made to a path ending so.
    async fn told(&self, end: &str, count: usize) -> Vec<Call> {
        eventually(end, || {
            let calls: Vec<_> = self
                .orderyard
                .calls()
                .into_iter()
                .filter(|call| call.path.ends_with(end))
                .collect();
            (calls.len() >= count).then_some(calls)
        })
        .await
    }
}

fn order() -> Value {
    json!({ "type": "purchase_order.created", "timestamp": "2026-11-21T10:00:00.000Z", "data": {
        "id": "po-1", "number": "DEMO-1001-1", "order_name": "#1001", "ship_to": { "city": "Berlin" }, "unknown": true,
        "lines": [
            { "line_id": "l-1", "sku": "NT-MUG", "title": "Mug", "quantity": 1, "unit_cost": { "amount": "4.20", "currency": "EUR" } },
            { "line_id": "l-2", "sku": "NT-SHIRT", "title": "Shirt", "quantity": 2, "unit_cost": { "amount": "7.00", "currency": "EUR" } },
        ],
    } })
}

fn cancel(quantity: u32) -> Value {
    json!({ "type": "purchase_order.cancel_requested", "timestamp": "2026-11-21T10:00:00.000Z", "data": {
        "id": "po-1", "number": "DEMO-1001-1", "reason": "CUSTOMER",
        "lines": [{ "line_id": "l-2", "sku": "NT-SHIRT", "quantity": quantity }],
    } })
}

#[tokio::test]
async fn takes_answers_and_ships_an_order() {
    let stage = Stage::new(Behaviour::default()).await;
    let (status, answer) = stage.send("m1", &order()).await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({ "reference": "SO-1", "lines": [
        { "line_id": "l-1", "accepted": 1, "rejected": 0 },
        { "line_id": "l-2", "accepted": 2, "rejected": 0 },
    ] })
    );
    let call = stage
        .told("/supplier/v1/purchase-orders/po-1/shipments", 1)
        .await
        .remove(0);
    assert_eq!(call.header("authorization"), "Bearer key");
    let parcel = call.json();
    assert_eq!(
        parcel["lines"],
        json!([{ "line_id": "l-1", "quantity": 1 }, { "line_id": "l-2", "quantity": 2 }])
    );
    assert_eq!(
        (parcel["reference"].as_str(), parcel["carrier"].as_str()),
        (Some("SO-1-1"), Some("DHL Express"))
    );
    eventually("the confirmation", || {
        stage
            .supplier
            .order("DEMO-1001-1")?
            .parcels
            .first()?
            .reported
            .then_some(())
    })
    .await;
    assert!(stage.supplier.order("DEMO-1001-1").unwrap().is_shipped());
}

#[tokio::test]
async fn refuses_what_is_not_signed_for_it() {
    let stage = Stage::new(Behaviour::manual()).await;
    let strangers = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (secret, age) in [(strangers, 0), (SECRET, 310), (SECRET, -310)] {
        assert_eq!(stage.send_signed("m1", &order(), secret, age).await.unwrap().0, 401);
    }
    assert!(stage.supplier.orders().is_empty());
    assert_eq!(
        stage.send_signed("m1", &order(), OLD_SECRET, 290).await.unwrap().0,
        200,
        "a secret that is being replaced"
    );
    let verified: Vec<_> = stage
        .supplier
        .calls()
        .iter()
        .map(|call| (call.verified, call.status))
        .collect();
    assert_eq!(verified, [(false, 401), (false, 401), (false, 401), (true, 200)]);
}

#[tokio::test]
async fn knows_an_order_once_however_often_it_is_told() {
    let stage = Stage::new(Behaviour::manual()).await;
    let first = stage.send("m1", &order()).await.unwrap();
    assert_eq!(stage.send("m1", &order()).await.unwrap(), first, "by webhook-id");
    assert_eq!(stage.send("m2", &order()).await.unwrap(), first, "by number");
    assert_eq!(stage.supplier.orders().len(), 1);
    assert_eq!(stage.supplier.order("DEMO-1001-1").unwrap().times_received, 3);

    stage.supplier.set_behaviour(Behaviour {
        repetition: Repetition::AlreadyPlaced,
        ..Behaviour::manual()
    });
    let (status, answer) = stage.send("m1", &order()).await.unwrap();
    assert_eq!(
        (status, answer["code"].as_str(), answer["reference"].as_str()),
        (409, Some("ALREADY_PLACED"), Some("SO-1"))
    );
}

#[tokio::test]
async fn acknowledges_later_and_rejects_what_it_lacks() {
    let rejects = [("NT-SHIRT".to_owned(), RejectReason::OutOfStock)].into();
    let behaviour = Behaviour {
        acknowledge: Acknowledge::Later { delay_ms: 5 },
        rejects,
        ..Behaviour::default()
    };
    let stage = Stage::new(behaviour).await;
    assert_eq!(stage.send("m1", &order()).await.unwrap(), (202, Value::Null));
    let acknowledgement = stage.told("/po-1/acknowledgements", 1).await[0].json();
    assert_eq!(
        acknowledgement["lines"][1],
        json!({ "line_id": "l-2", "accepted": 0, "rejected": 2, "reason": "OUT_OF_STOCK" })
    );
    let parcel = stage.told("/po-1/shipments", 1).await[0].json();
    assert_eq!(
        parcel["lines"],
        json!([{ "line_id": "l-1", "quantity": 1 }]),
        "the rejected line is not shipped"
    );
}

#[tokio::test]
async fn ships_in_parts() {
    let stage = Stage::new(Behaviour {
        shipping: Shipping::InParts { delay_ms: 5 },
        ..Behaviour::default()
    })
    .await;
    stage.send("m1", &order()).await.unwrap();
    let parcels = stage.told("/po-1/shipments", 2).await;
    assert_eq!(
        parcels[0].json()["lines"],
        json!([{ "line_id": "l-1", "quantity": 1 }, { "line_id": "l-2", "quantity": 1 }])
    );
    assert_eq!(parcels[1].json()["lines"], json!([{ "line_id": "l-2", "quantity": 1 }]));
    assert_ne!(
        parcels[0].json()["tracking_number"],
        parcels[1].json()["tracking_number"]
    );
}

#[tokio::test]
async fn works_by_hand() {
    let behaviour = Behaviour {
        acknowledge: Acknowledge::Never,
        ..Behaviour::manual()
    };
    let stage = Stage::new(behaviour).await;
    assert_eq!(stage.send("m1", &order()).await.unwrap().0, 202);
    let supplier = &stage.supplier;
    supplier
        .reject("DEMO-1001-1", "NT-MUG", RejectReason::Discontinued)
        .await
        .unwrap();
    let parcel = supplier
        .ship("DEMO-1001-1", &[("NT-SHIRT", 1)], "UPS", "1Z1")
        .await
        .unwrap();
    assert_eq!(parcel.lines, [("l-2".to_owned(), 1)]);
    supplier
        .retrack("DEMO-1001-1", &parcel.reference, "UPS", "1Z2")
        .await
        .unwrap();
    supplier.ship("DEMO-1001-1", &[], "UPS", "1Z3").await.unwrap();
    assert!(
        supplier.ship("DEMO-1001-1", &[], "UPS", "1Z4").await.is_err(),
        "nothing is left"
    );
    supplier.put_inventory(&[("NT-MUG".to_owned(), 0)]).await.unwrap();
    supplier
        .answer_cancellation("DEMO-1001-1", false, Some("gone"))
        .await
        .unwrap();
    let paths: Vec<_> = stage
        .orderyard
        .calls()
        .into_iter()
        .map(|call| call.path.replace("/supplier/v1/", ""))
        .collect();
    assert_eq!(
        paths,
        [
            "purchase-orders/po-1/acknowledgements",
            "purchase-orders/po-1/shipments",
            "purchase-orders/po-1/shipments/SO-1-1/tracking",
            "purchase-orders/po-1/shipments",
            "inventory",
            "purchase-orders/po-1/cancellation",
        ]
    );
}

#[tokio::test]
async fn cancels_exactly_what_it_is_asked_to_and_has_not_shipped() {
    let stage = Stage::new(Behaviour::manual()).await;
    stage.send("m1", &order()).await.unwrap();
    assert_eq!(
        stage.send("m2", &cancel(1)).await.unwrap(),
        (200, json!({ "accepted": true }))
    );
    let parcel = stage.supplier.ship("DEMO-1001-1", &[], "UPS", "1").await.unwrap();
    assert_eq!(parcel.lines, [("l-1".to_owned(), 1), ("l-2".to_owned(), 1)]);
    // What is asked are totals: this one it has cancelled already.
    assert_eq!(
        stage.send("m3", &cancel(1)).await.unwrap(),
        (200, json!({ "accepted": true }))
    );
    assert_eq!(
        stage.send("m4", &cancel(2)).await.unwrap(),
        (200, json!({ "accepted": false, "reason": "already shipped" }))
    );
}

#[tokio::test]
async fn cancellations_may_be_refused_or_answered_later() {
    let refusing = Cancellation::RejectAtOnce {
        reason: "packed".to_owned(),
    };
    let stage = Stage::new(Behaviour {
        cancellation: refusing,
        ..Behaviour::manual()
    })
    .await;
    stage.send("m1", &order()).await.unwrap();
    assert_eq!(
        stage.send("m2", &cancel(2)).await.unwrap(),
        (200, json!({ "accepted": false, "reason": "packed" }))
    );
    stage.supplier.set_behaviour(Behaviour {
        cancellation: Cancellation::AcceptLater { delay_ms: 5 },
        ..Behaviour::manual()
    });
    assert_eq!(stage.send("m3", &cancel(2)).await.unwrap(), (202, Value::Null));
    let answer = stage.told("/po-1/cancellation", 1).await[0].json();
    assert_eq!(answer, json!({ "accepted": true }));
}

#[tokio::test]
async fn updates_replace_quantities_and_address() {
    let stage = Stage::new(Behaviour::manual()).await;
    stage.send("m1", &order()).await.unwrap();
    let mut changed = order();
    changed["type"] = json!("purchase_order.updated");
    changed["data"]["ship_to"]["city"] = json!("Hamburg");
    changed["data"]["lines"][1]["quantity"] = json!(0);
    assert_eq!(stage.send("m2", &changed).await.unwrap().0, 200);
    let order = stage.supplier.order("DEMO-1001-1").unwrap();
    assert_eq!(
        (order.ship_to["city"].as_str(), order.open_units()),
        (Some("Hamburg"), vec![("l-1".to_owned(), 1)])
    );
}

#[tokio::test]
async fn faults_come_in_the_order_planned() {
    let stage = Stage::new(Behaviour::manual()).await;
    for fault in [
        SupplierFault::Error { status: 500 },
        SupplierFault::Busy { retry_after_s: 7 },
        SupplierFault::ErrorAfter { status: 504 },
        SupplierFault::LostAnswer,
        SupplierFault::Slow { ms: 30 },
    ] {
        stage.supplier.add_fault(fault);
    }
    assert_eq!(stage.send("m1", &order()).await.unwrap().0, 500);
    assert!(stage.supplier.orders().is_empty());
    assert_eq!(stage.send("m1", &order()).await.unwrap().0, 429);
    assert_eq!(stage.send("m1", &order()).await.unwrap().0, 504);
    assert_eq!(stage.supplier.orders().len(), 1, "taken although it said otherwise");
    assert!(stage.send("m1", &order()).await.is_err());
    let started = std::time::Instant::now();
    assert_eq!(stage.send("m1", &order()).await.unwrap().0, 200);
    assert!(started.elapsed() >= Duration::from_millis(30));
    assert_eq!(stage.supplier.orders().len(), 1);
}

#[tokio::test]
async fn repeats_its_own_calls_until_they_are_heard() {
    let stage = Stage::new(Behaviour::manual()).await;
    stage.send("m1", &order()).await.unwrap();
    stage.orderyard.answer(503, Value::Null, 1);
    stage.supplier.ship("DEMO-1001-1", &[], "UPS", "1").await.unwrap();
    let calls = stage.told("/po-1/shipments", 2).await;
    assert_eq!(calls[0].body, calls[1].body, "under the same reference");
    stage.orderyard.answer(409, json!({ "code": "CONFLICT" }), 1);
    assert!(
        stage.supplier.acknowledge("DEMO-1001-1").await.is_err(),
        "a refusal is not repeated"
    );
}

#[tokio::test]
async fn polls_when_nobody_calls() {
    let orderyard = Receiver::start().await;
    let page = |items: Value, next: Value| json!({ "items": items, "next_cursor": next });
    orderyard.answer(200, page(json!([]), json!("c2")), 1);
    orderyard.answer(200, page(json!([order()["data"]]), Value::Null), 1);
    let behaviour = Behaviour {
        intake: Intake::Poll { every_ms: 5 },
        ..Behaviour::default()
    };
    let config = SupplierConfig {
        orderyard_url: Some(orderyard.url.clone()),
        api_key: Some("key".to_owned()),
        behaviour,
        ..SupplierConfig::new("Portal", SECRET)
    };
    let supplier = Supplier::start(config).await.unwrap();
    eventually("the order", || supplier.order("DEMO-1001-1")).await;
    eventually("the acknowledgement", || {
        orderyard
            .calls()
            .iter()
            .any(|call| call.path.ends_with("/acknowledgements"))
            .then_some(())
    })
    .await;
    eventually("the parcel", || {
        orderyard
            .calls()
            .iter()
            .any(|call| call.path.ends_with("/shipments"))
            .then_some(())
    })
    .await;
    tokio::time::timeout(Duration::from_secs(5), supplier.stop())
        .await
        .expect("it stops while polling");
}

//! `/supplier/v1`: what a supplier's own system reads and reports.

mod busy;

use reqwest::{Method, Response, StatusCode};
use rstest::rstest;
use sandbox::{Acknowledge, Behaviour, CancelRequest, Cancellation};
use serde_json::{Value, json};

use crate::{
    harness::{Database, World},
    stories::shop::{Plot, Story},
};

/// Calls as one supplier's system.
struct Caller<'a> {
    world: &'a World,
    key: String,
}

impl<'a> Caller<'a> {
    /// With a new key of the supplier's.
    async fn of(world: &'a World, supplier: &str) -> Self {
        let arguments = ["admin", "supplier-key", "create", "--supplier", supplier];
        let key = world.orderyard.command(&arguments).await.trim().to_owned();
        Self { world, key }
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Response {
        let url = self.world.url(&format!("/supplier/v1/{path}"));
        let mut request = self.world.http.request(method, url).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.expect("an answer")
    }

    /// The status and what came with it.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let answer = self.send(method, path, body).await;
        let status = answer.status();
        let expect = if status.is_success() {
            "application/json"
        } else {
            "application/problem+json"
        };
        assert_eq!(answer.headers()["content-type"], expect, "{path}");
        (status, answer.json().await.expect("JSON"))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(&body)).await
    }

    async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::PUT, path, Some(&body)).await
    }
}

/// A story in which North has been asked for what is named, and has said nothing.
async fn asked(database: Database, lines: &[(&str, i64)]) -> (Story, i64, String) {
    let silent = || Behaviour {
        acknowledge: Acknowledge::Never,
        cancellation: Cancellation::Never,
        ..Behaviour::manual()
    };
    let plot = Plot {
        north: silent(),
        east: silent(),
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    let order = story.order(lines);
    let number = story.purchase_order("north").await.number;
    story.quiet().await;
    (story, order, number)
}

/// The line of a SKU in a purchase order as the API shows it.
fn line<'a>(order: &'a Value, sku: &str) -> &'a Value {
    let lines = order["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["sku"] == sku).expect("the line")
}

fn quantities(line: &Value) -> [u64; 5] {
    ["quantity", "accepted", "rejected", "shipped", "open"].map(|name| line[name].as_u64().expect(name))
}

#[rstest]
#[tokio::test]
async fn purchase_orders_are_listed_and_read(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (story, _, number) = asked(database, &[("MUG", 1), ("SHIRT", 2)]).await;
    let north = Caller::of(&story.world, "north").await;
    story.order(&[("MUG", 3)]);
    let pages = async || north.get("purchase-orders?limit=1").await.1;
    story
        .world
        .eventually("a second page", async || pages().await["next_cursor"].is_string())
        .await;

    let first = pages().await;
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let (status, second) = north.get(&format!("purchase-orders?limit=1&cursor={cursor}")).await;
    assert_eq!((status, &second["next_cursor"]), (StatusCode::OK, &Value::Null));
    let one = &first["items"][0];
    assert_eq!(one["number"], *number, "the oldest first");
    assert_ne!(second["items"][0]["number"], *number);

    let id = one["id"].as_str().expect("an id");
    for named in [id, &number] {
        let (status, read) = north.get(&format!("purchase-orders/{named}")).await;
        assert_eq!((status, &read), (StatusCode::OK, one), "by id and by number alike");
    }
    assert_eq!((&one["status"], &one["currency"]), (&json!("placed"), &json!("EUR")));
    assert_eq!(one["total"], json!({ "amount": "22.00", "currency": "EUR" }));
    assert_eq!(one["ship_to"]["country_code"], "DE");
    assert_eq!(quantities(line(one, "N-SHIRT")), [2, 0, 0, 0, 2]);

    assert_eq!(north.get("purchase-orders?status=shipped").await.1["items"], json!([]));
    let (_, placed) = north.get("purchase-orders?status=placed,accepted").await;
    assert_eq!(placed["items"].as_array().map(Vec::len), Some(2));
    let (_, later) = north.get("purchase-orders?updated_since=2999-01-01T00:00:00Z").await;
    assert_eq!(later["items"], json!([]));
    for wrong in [
        "limit=0",
        "limit=101",
        "status=draft",
        "cursor=x",
        "updated_since=yesterday",
    ] {
        let (status, problem) = north.get(&format!("purchase-orders?{wrong}")).await;
        let field = wrong.split('=').next().expect("a name");
        assert_eq!(
            (status, &problem["field"]),
            (StatusCode::BAD_REQUEST, &json!(field)),
            "{wrong}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn an_acknowledgement_answers_line_by_line(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (story, _, number) = asked(database, &[("MUG", 1), ("SHIRT", 2)]).await;
    let north = Caller::of(&story.world, "north").await;
    let path = format!("purchase-orders/{number}/acknowledgements");
    let (_, before) = north.get(&format!("purchase-orders/{number}")).await;
    let (mug, shirt) = (&line(&before, "N-MUG")["line_id"], &line(&before, "N-SHIRT")["line_id"]);

    let (status, problem) = north
        .post(&path, json!({ "lines": [{ "line_id": shirt, "rejected": 1 }] }))
        .await;
    assert_eq!(
        (status, &problem["code"], &problem["field"]),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("INVALID"),
            &json!("lines[0].reason")
        ),
        "a rejection has a reason"
    );
    let too_many = json!({ "lines": [{ "line_id": shirt, "accepted": 3 }] });
    let (status, problem) = north.post(&path, too_many).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("QUANTITY"))
    );
    let stranger = json!({ "lines": [{ "line_id": "0199f0a0-0000-7000-8000-000000000001", "accepted": 1 }] });
    let (status, problem) = north.post(&path, stranger).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("UNKNOWN_LINE"))
    );

    let answer = json!({ "reference": "SO-7", "later": true, "lines": [
        { "line_id": mug, "accepted": 1 },
        { "line_id": shirt, "accepted": 1, "rejected": 1, "reason": "OUT_OF_STOCK", "message": "one left" },
    ]});
    for time in ["said", "repeated"] {
        let (status, after) = north.post(&path, answer.clone()).await;
        assert_eq!(status, StatusCode::OK, "{time}: {after}");
        assert_eq!(after["reference"], "SO-7", "{time}");
        assert_eq!(after["status"], "accepted", "{time}");
        assert_eq!(quantities(line(&after, "N-MUG")), [1, 1, 0, 0, 1], "{time}");
        assert_eq!(quantities(line(&after, "N-SHIRT")), [2, 1, 1, 0, 1], "{time}");
        assert_eq!(line(&after, "N-SHIRT")["reason"], "OUT_OF_STOCK", "{time}");
    }
    // Nobody else has the shirt.
    story
        .world
        .eventually("the rejected unit asks for a decision", async || {
            story
                .world
                .count("select count(*) from exceptions where status = 'open'")
                .await
                == 1
        })
        .await;
}

#[rstest]
#[tokio::test]
async fn a_parcel_is_reported_once_and_its_tracking_corrected(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, order, number) = asked(database, &[("SHIRT", 2)]).await;
    let north = Caller::of(&story.world, "north").await;
    let (_, before) = north.get(&format!("purchase-orders/{number}")).await;
    let shirt = &line(&before, "N-SHIRT")["line_id"];
    let path = format!("purchase-orders/{number}/shipments");
    let parcel = |quantity: u32, tracking: &str| {
        json!({ "reference": "P 1/a", "carrier": "UPS", "tracking_number": tracking,
            "lines": [{ "line_id": shirt, "quantity": quantity }] })
    };
    let (status, problem) = north.post(&path, parcel(3, "1Z1")).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("QUANTITY"))
    );

    let (status, first) = north.post(&path, parcel(1, "1Z1")).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    let (status, again) = north.post(&path, parcel(1, "1Z1")).await;
    assert_eq!((status, &again), (StatusCode::OK, &first), "the same report");
    for other in [parcel(2, "1Z1"), parcel(1, "1Z2")] {
        let (status, problem) = north.post(&path, other).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::CONFLICT, &json!("REFERENCE_TAKEN"))
        );
    }
    assert_eq!(story.world.count("select count(*) from shipments").await, 1);
    story.fulfillments(order, 1).await;

    let tracking = format!("{path}/P%201%2Fa/tracking");
    let (status, corrected) = north
        .put(&tracking, json!({ "carrier": "DHL", "tracking_number": "00340434" }))
        .await;
    assert_eq!(
        (status, &corrected["tracking_number"]),
        (StatusCode::OK, &json!("00340434")),
        "{corrected}"
    );
    story
        .world
        .eventually("the customer can follow the right number", async || {
            story.snapshot(order).fulfillments[0]
                .tracking
                .iter()
                .any(|info| info.number.as_deref() == Some("00340434"))
        })
        .await;
    let (status, again) = north.post(&path, parcel(1, "1Z1")).await;
    assert_eq!(
        (status, &again["tracking_number"]),
        (StatusCode::OK, &json!("00340434")),
        "the first report once more: the parcel as it stands"
    );
    let nowhere = format!("{path}/nowhere/tracking");
    let (status, _) = north
        .put(&nowhere, json!({ "carrier": "DHL", "tracking_number": "1" }))
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let (_, after) = north.get(&format!("purchase-orders/{number}")).await;
    assert_eq!(after["status"], "partly_shipped");
    assert_eq!(after["shipments"], json!([again]));
}

#[rstest]
#[tokio::test]
async fn a_request_to_cancel_is_answered(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (story, order, number) = asked(database, &[("MUG", 1)]).await;
    let north = Caller::of(&story.world, "north").await;
    let path = format!("purchase-orders/{number}/cancellation");
    let (status, problem) = north.post(&path, json!({ "accepted": true })).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("NOTHING_TO_ANSWER"))
    );

    let cancel = CancelRequest::default();
    story.world.shop.cancel_order(order, &cancel).expect("cancels");
    story
        .world
        .eventually("the shop asks", async || {
            let (_, order) = north.get(&format!("purchase-orders/{number}")).await;
            order["status"] == "cancel_requested" && order["lines"][0]["cancel_requested"] == 1
        })
        .await;
    for time in ["said", "repeated"] {
        let (status, after) = north.post(&path, json!({ "accepted": true })).await;
        assert_eq!(
            (status, &after["status"]),
            (StatusCode::OK, &json!("cancelled")),
            "{time}: {after}"
        );
    }
    let (_, closed) = north.get(&format!("purchase-orders/{number}")).await;
    let late = json!({ "lines": [{ "line_id": closed["lines"][0]["line_id"], "accepted": 1 }] });
    let (status, problem) = north
        .post(&format!("purchase-orders/{number}/acknowledgements"), late)
        .await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("CLOSED")));
}

#[rstest]
#[tokio::test]
async fn stock_is_set_by_sku(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let north = Caller::of(&story.world, "north").await;
    let stock = json!({ "items": [
        { "sku": "N-MUG", "quantity": 7 }, { "sku": "N-SHIRT", "quantity": 100 }, { "sku": "E-MUG", "quantity": 1 },
    ]});
    let (status, taken) = north.put("inventory", stock).await;
    assert_eq!(status, StatusCode::OK);
    let unknown = json!([{ "sku": "E-MUG", "code": "UNKNOWN_SKU" }]);
    assert_eq!(taken, json!({ "updated": 1, "unchanged": 1, "errors": unknown }));
    let stands = "select count(*) from offers where (sku = 'N-MUG' and stock = 7) or (sku = 'E-MUG' and stock = 100)";
    assert_eq!(story.world.count(stands).await, 2, "another supplier's stays as it is");
    let (status, problem) = north
        .put("inventory", json!({ "items": [{ "sku": "N-MUG", "quantity": -1 }] }))
        .await;
    assert_eq!(
        (status, &problem["field"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("items[0].quantity"))
    );
}

#[rstest]
#[tokio::test]
async fn strangers_get_nothing_and_are_recorded(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (story, _, number) = asked(database, &[("MUG", 1)]).await;
    let north = Caller::of(&story.world, "north").await;
    let east = Caller::of(&story.world, "east").await;
    let (_, order) = north.get(&format!("purchase-orders/{number}")).await;
    let id = order["id"].as_str().expect("an id").to_owned();
    let mug = &line(&order, "N-MUG")["line_id"];
    let acknowledge = json!({ "lines": [{ "line_id": mug, "accepted": 1 }] });
    let ship = json!({ "reference": "P1", "carrier": "UPS", "lines": [{ "line_id": mug, "quantity": 1 }] });
    let recorded = async |kind: &str| {
        let count = format!("select count(*) from security_events where kind = '{kind}'");
        story.world.count(&count).await
    };
    let mut attempts = 0;
    for named in [&number, &id] {
        let base = format!("purchase-orders/{named}");
        for (method, path, body) in [
            (Method::GET, base.clone(), None),
            (Method::POST, format!("{base}/acknowledgements"), Some(&acknowledge)),
            (Method::POST, format!("{base}/shipments"), Some(&ship)),
            (
                Method::POST,
                format!("{base}/cancellation"),
                Some(&json!({ "accepted": true })),
            ),
        ] {
            let (status, problem) = east.call(method, &path, body).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::NOT_FOUND, &json!("NOT_FOUND")),
                "{path}"
            );
            attempts += 1;
            assert_eq!(recorded("foreign_purchase_order").await, attempts, "{path}");
        }
    }
    let nowhere = east.get("purchase-orders/NOWHERE-1").await;
    assert_eq!(nowhere.0, StatusCode::NOT_FOUND);
    assert_eq!(
        recorded("foreign_purchase_order").await,
        attempts,
        "no such order is no attempt"
    );
    assert_eq!(east.get("purchase-orders").await.1["items"], json!([]));
    let untouched = north.get(&format!("purchase-orders/{number}")).await;
    assert_eq!(untouched, (StatusCode::OK, order));

    let token = story
        .world
        .orderyard
        .command(&[
            "admin",
            "token",
            "create",
            "--shop",
            "demo.myshopify.com",
            "--scope",
            "read,write",
        ])
        .await;
    for key in ["oys_wrong", token.trim()] {
        let stranger = Caller {
            world: &story.world,
            key: key.to_owned(),
        };
        let answer = stranger.send(Method::GET, "purchase-orders", None).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(recorded("bad_api_key").await, 2, "a wrong key and a shop's token");
    let url = story.world.url("/supplier/v1/purchase-orders");
    let keyless = story.world.http.get(url).send().await.expect("an answer");
    assert_eq!(keyless.status(), StatusCode::UNAUTHORIZED);
}

#[rstest]
#[tokio::test]
async fn what_was_never_sent_is_not_shown(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let (story, _, number) = asked(database, &[("MUG", 1)]).await;
    let north = Caller::of(&story.world, "north").await;
    assert_eq!(north.get("purchase-orders").await.1["items"][0]["number"], *number);
    // As it stands where the shop took it back before it was sent.
    let never_sent = "update purchase_orders set status = 'cancelled', sent_at = null, placed_at = null";
    story.world.execute(never_sent).await;
    assert_eq!(north.get("purchase-orders").await.1["items"], json!([]));
    let (status, _) = north.get(&format!("purchase-orders/{number}")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[rstest]
#[tokio::test]
async fn a_revoked_key_opens_nothing(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let north = Caller::of(&story.world, "north").await;
    let command = async |rest: &[&str]| {
        let arguments = [&["admin", "supplier-key"], rest].concat();
        story.world.orderyard.command(&arguments).await
    };
    assert_eq!(north.get("purchase-orders").await.0, StatusCode::OK);
    let listed = command(&["list", "--supplier", "north"]).await;
    // The story's own key was made first.
    let newest = listed.lines().last().expect("a key");
    let id = newest.split('\t').next().expect("an id");
    command(&["revoke", "--supplier", "north", "--id", id]).await;
    assert_eq!(north.get("purchase-orders").await.0, StatusCode::UNAUTHORIZED);
    let left = command(&["list", "--supplier", "north"]).await;
    assert_eq!(left.lines().count(), listed.lines().count() - 1);
}

#[rstest]
#[tokio::test]
async fn a_character_that_no_database_keeps_is_refused(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (story, _, number) = asked(database, &[("MUG", 1)]).await;
    let north = Caller::of(&story.world, "north").await;
    let (status, _) = north.get("purchase-orders/DEMO%00-1").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let tracking = json!({ "carrier": "DHL", "tracking_number": "1" });
    let (status, _) = north
        .put(&format!("purchase-orders/{number}/shipments/P%001/tracking"), tracking)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = north
        .put("inventory", json!({ "items": [{ "sku": "N\0MUG", "quantity": 1 }] }))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    for query in ["{ invitation(token: \"\\u0000\") { email } }", "{ viewer { id } } #\0"] {
        let asked = story.world.http.post(story.world.url("/graphql"));
        let answer = asked.json(&json!({ "query": query })).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn the_document_is_served_as_it_is_committed() {
    let story = Plot::default().begin(Database::Sqlite).await;
    let url = story.world.url("/supplier/v1/openapi.json");
    let served = story.world.http.get(url).send().await.expect("an answer");
    assert_eq!(served.status(), StatusCode::OK);
    let served: Value = served.json().await.expect("JSON");
    let committed = include_str!("../../../docs/supplier-v1.openapi.json");
    assert_eq!(served, serde_json::from_str::<Value>(committed).expect("JSON"));
}

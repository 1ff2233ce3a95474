//! Mappings as a file: taken away, changed in a spreadsheet, brought back; and tried on an order before that.

use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};

use super::shop::{KIT_AT_TWO, Plot, Story};
use crate::harness::Database;

impl Story {
    async fn token(&self, scope: &str) -> String {
        let arguments = [
            "admin",
            "token",
            "create",
            "--shop",
            "demo.myshopify.com",
            "--scope",
            scope,
        ];
        self.world.orderyard.command(&arguments).await.trim().to_owned()
    }

    async fn file(&self, method: Method, query: &str, token: &str, body: &str) -> (StatusCode, String) {
        let url = self.world.url(&format!("/files/mappings.csv{query}"));
        let request = self.world.http.request(method, url).bearer_auth(token);
        let request = request
            .header("content-type", "text/csv; charset=utf-8")
            .body(body.to_owned());
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("a text"))
    }

    pub(super) async fn export(&self) -> String {
        let (status, text) = self.file(Method::GET, "", &self.token("read").await, "").await;
        assert_eq!(status, StatusCode::OK, "{text}");
        text
    }

    pub(super) async fn import(&self, query: &str, body: &str) -> Value {
        let (status, text) = self.file(Method::POST, query, &self.token("write").await, body).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }
}

#[rstest]
#[tokio::test]
async fn mappings_come_back_as_they_went(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plot = Plot {
        kit: KIT_AT_TWO,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    let before = story.export().await;
    let heading = "\u{feff}variant_id,variant_sku,product,alternative,supplier,offer_sku,quantity,valid_from,valid_until,accepted_cost,currency";
    assert_eq!(before.lines().next(), Some(heading));
    let tea = format!("{},KIT,KIT,1,north,N-TEA,2,,,3.00,EUR", story.variant("KIT"));
    assert!(before.lines().any(|line| line == tea), "{before}");
    let done = story.import("", &before).await;
    assert_eq!((&done["rows"], &done["variants"]), (&json!(4), &json!(3)), "{done}");
    assert_eq!(done["errors"], json!([]));
    assert_eq!(story.export().await, before);

    // The unmapped variant by a file as a German spreadsheet writes it; the order that waited is bought.
    story.order(&[("UNMAPPED", 1)]);
    let open = "select count(*) from exceptions where kind = 'unmapped_line' and status = 'open'";
    let is_asked = async || story.world.count(open).await == 1;
    story.world.eventually("somebody is asked", is_asked).await;
    let file = "\u{feff}variant_sku;alternative;supplier;offer_sku;quantity;valid_until\r\n\
                UNMAPPED;1;north;N-TEA;3;2999-12-31\r\n\
                NOBODY;1;north;N-TEA;1;\r\n\
                SHIRT;1;west;W-SHIRT;1;\r\n\
                MUG;1;north;N-MUG;0;\r\n";
    let told = story.import("?dry_run=true", file).await;
    let wrong = json!([
        { "row": 3, "field": "variant_sku", "message": "the shop has no variant with the SKU “NOBODY”" },
        { "row": 4, "field": "supplier", "message": "the shop has no connection with a supplier “west”" },
        { "row": 5, "field": "quantity", "message": "this must be a whole number from 1 to 1000" },
    ]);
    assert_eq!((&told["variants"], &told["errors"]), (&json!(1), &wrong));
    assert_eq!(story.export().await, before, "a dry run changes nothing");
    let done = story.import("", file).await;
    assert_eq!((&done["variants"], &done["errors"]), (&json!(1), &wrong));
    let placed = story.purchase_order("north").await;
    assert_eq!((placed.lines[0].sku.as_str(), placed.lines[0].quantity), ("N-TEA", 3));
    // What was wrong left its variant as it was.
    let after = story.export().await;
    let mug = format!("{},MUG,", story.variant("MUG"));
    let line_of = |text: &str| text.lines().find(|line| line.starts_with(&mug)).map(str::to_owned);
    assert_eq!(line_of(&after), line_of(&before));
}

/// Half a kit is worse than none, by whatever name its rows call the variant.
#[rstest]
#[tokio::test]
async fn rows_of_one_variant_are_taken_together_or_not_at_all(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        kit: KIT_AT_TWO,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    let (before, kit) = (story.export().await, story.variant("KIT"));
    let check = async |first: &str, second: &str, expect: [(&str, &str); 2]| {
        let file = format!("variant_id,variant_sku,supplier,offer_sku\n{first},north,N-TEA\n{second},east,E-BOX\n");
        for query in ["?dry_run=true", ""] {
            let done = story.import(query, &file).await;
            let told = done["errors"].as_array().expect("errors").iter();
            let told: Vec<_> = told.map(|error| (&error["field"], &error["message"])).collect();
            assert_eq!(done["variants"], json!(0), "{done}");
            for (at, (field, message)) in expect.into_iter().enumerate() {
                assert_eq!(told[at].0, field, "{done}");
                assert!(told[at].1.as_str().is_some_and(|text| text.contains(message)), "{done}");
            }
        }
        assert_eq!(story.export().await, before);
    };
    let by_both = [
        ("variant_id", "row 3 names this variant in another way"),
        ("variant_sku", "row 2 names this variant in another way"),
    ];
    check(&format!("{kit},KIT"), ",KIT", by_both).await;
    let shortened = [
        ("variant_id", "row 3 is about this variant too, and wrong"),
        ("variant_id", "a spreadsheet shortened this id"),
    ];
    check(&format!("{kit},KIT"), "4.4E+04,KIT", shortened).await;
    // What stands after a quote that is not closed is not lost unsaid.
    let open = format!("variant_id,supplier,offer_sku,product\n{kit},north,N-TEA,\"Kit\n{kit},east,E-BOX,Kit\n");
    let (status, text) = story.file(Method::POST, "", &story.token("write").await, &open).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
    assert!(text.contains("is a quote not closed?"), "{text}");
    assert_eq!(story.export().await, before);
}

/// What is mapped, and could not be shipped, is routed again as well.
#[rstest]
#[tokio::test]
async fn a_file_routes_whatever_waited_for_its_variants(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        rules: "[{ name: Never, never: [north] }]",
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 2)]);
    story.order(&[("SHIRT", 1)]);
    let open = "select count(*) from exceptions where kind = 'no_eligible_supplier' and status = 'open'";
    story.waits_for("nobody may ship either", open, 2).await;
    story.quiet().await;
    let events = "select count(*) from exceptions";
    let before = story.world.count(events).await;
    let file = "variant_sku,alternative,supplier,offer_sku,quantity\nMUG,1,north,N-MUG,1\nMUG,2,east,E-MUG,1\n";
    let done = story.import("", file).await;
    assert_eq!((&done["variants"], &done["errors"]), (&json!(1), &json!([])));
    let placed = story.purchase_order("east").await;
    assert_eq!((placed.lines[0].sku.as_str(), placed.lines[0].quantity), ("E-MUG", 2));
    story.waits_for("the shirt waits still", open, 1).await;
    story.quiet().await;
    assert_eq!(
        story.world.count(events).await,
        before,
        "the shirt was not asked about again"
    );
}

/// The operator's way, past the doors.
#[rstest]
#[tokio::test]
async fn the_command_line_takes_and_brings_the_same_file(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let orderyard = &story.world.orderyard;
    let shop = ["--shop", "demo.myshopify.com"];
    let before = orderyard.command(&["mappings", "export", shop[0], shop[1]]).await;
    assert_eq!(before, story.export().await);
    story.order(&[("UNMAPPED", 1)]);
    let open = "select count(*) from exceptions where kind = 'unmapped_line' and status = 'open'";
    let is_asked = async || story.world.count(open).await == 1;
    story.world.eventually("somebody is asked", is_asked).await;

    let table = "variant_sku,supplier,offer_sku,quantity\n\
                 UNMAPPED,north,N-TEA,3\n\
                 NOBODY,north,N-TEA,1\n\
                 MUG,north,N-MUG,0\n";
    let file = orderyard.file("mappings.csv", table);
    let dry = ["mappings", "import", shop[0], shop[1], &file, "--dry-run"];
    let told = orderyard.complaint(&dry).await;
    let expect = format!(
        "{file}:3: variant_sku: the shop has no variant with the SKU “NOBODY”\n\
         {file}:4: quantity: this must be a whole number from 1 to 1000\n\
         3 rows would map one variant; nothing was written.\n"
    );
    assert_eq!(told, expect);
    assert_eq!(story.export().await, before);
    let told = orderyard.complaint(&dry[..5]).await;
    assert!(told.ends_with("3 rows: one variant mapped.\n"), "{told}");
    let placed = story.purchase_order("north").await;
    assert_eq!((placed.lines[0].sku.as_str(), placed.lines[0].quantity), ("N-TEA", 3));
    let told = "select count(*) from events where kind = 'exception_resolved' and actor = 'Operator'";
    assert_eq!(story.world.count(told).await, 1);

    let file = orderyard.file("mappings.csv", &before);
    let told = orderyard
        .command(&["mappings", "import", shop[0], shop[1], &file])
        .await;
    assert_eq!(told, "4 rows: 3 variants mapped.\n");
    let nobody = ["mappings", "export", "--shop", "nobody.myshopify.com"];
    assert_eq!(orderyard.complaint(&nobody).await, "");
}

#[rstest]
#[tokio::test]
async fn the_file_is_for_those_who_may(#[values(Database::Sqlite)] database: Database) {
    let story = Plot::default().begin(database).await;
    let (read, write) = (story.token("read").await, story.token("write").await);
    for (method, token, expect) in [
        (Method::GET, "guess", StatusCode::UNAUTHORIZED),
        (Method::POST, "guess", StatusCode::UNAUTHORIZED),
        (Method::POST, read.as_str(), StatusCode::FORBIDDEN),
        (Method::POST, write.as_str(), StatusCode::BAD_REQUEST),
    ] {
        let (status, text) = story.file(method.clone(), "", token, "quanity\n").await;
        assert_eq!(status, expect, "{method} {text}");
    }
    let key = story
        .world
        .orderyard
        .command(&["admin", "supplier-key", "create", "--supplier", "north"])
        .await;
    assert_eq!(
        story.file(Method::GET, "", key.trim(), "").await.0,
        StatusCode::UNAUTHORIZED
    );
    let large = "x".repeat(9 * 1024 * 1024);
    assert_eq!(
        story.file(Method::POST, "", &write, &large).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    // A form of another site can send no such content type.
    let url = story.world.url("/files/mappings.csv");
    let form = story
        .world
        .http
        .post(url)
        .bearer_auth(&write)
        .header("content-type", "text/plain")
        .body("a");
    assert_eq!(form.send().await.expect("an answer").status(), StatusCode::BAD_REQUEST);
}

const TRY: &str = "query($order: ID!, $variant: ShopifyId!, $alternatives: [AlternativeInput!]!) {
    tryMapping(orderId: $order, variantId: $variant, alternatives: $alternatives) {
        lines { quantity outcome components { supplierName sku quantity } } problems { field message } } }";

#[rstest]
#[tokio::test]
async fn a_mapping_is_tried_before_it_is_saved(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    story.order(&[("MUG", 2)]);
    story.purchase_order("north").await;
    story.quiet().await;
    let counts = "select (select count(*) from mappings) + (select count(*) from purchase_orders)
        + (select count(*) from routing_plans) + (select count(*) from jobs)";
    let before = (story.export().await, story.world.count(counts).await);
    let found = "{ orders { nodes { id } } offers(filter: { search: \"E-TEA\" }) { nodes { id } } }";
    let ids = story.world.graphql(found, json!({})).await;
    let variables = |quantity: i64| {
        json!({ "order": ids["orders"]["nodes"][0]["id"], "variant": story.variant("MUG").to_string(),
            "alternatives": [{ "components": [{ "offerId": ids["offers"]["nodes"][0]["id"], "quantity": quantity }] }] })
    };
    // The order is bought already: it is tried as if it came in now.
    let tried = story.world.graphql(TRY, variables(3)).await;
    let expect = json!([{ "quantity": 2, "outcome": "ALLOCATED",
        "components": [{ "supplierName": "East", "sku": "E-TEA", "quantity": 6 }] }]);
    assert_eq!(tried["tryMapping"], json!({ "lines": expect, "problems": [] }));
    let wrong = story.world.graphql(TRY, variables(0)).await;
    let field = json!(["alternatives", "0", "components", "0", "quantity"]);
    assert_eq!(wrong["tryMapping"]["problems"][0]["field"], field, "{wrong}");
    assert_eq!(
        (story.export().await, story.world.count(counts).await),
        before,
        "nothing stays"
    );
}

//! Connector `http`: what really arrives at a supplier's endpoint.

use rstest::rstest;
use sandbox::{OrderSpec, ProductSpec, VariantSpec};

use super::oracle::Oracle;
use crate::{
    harness::{Database, SUPPLIER_SECRET, World, WorldSpec},
    shopify::stub::{Reply, Stub},
};

/// The secret that is being replaced by the usual one.
const OLD_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const SETUP: &str = r#"
version: 1
suppliers:
  - key: north
    name: North
    connector: http
    settings: { endpoint: "{url}/orders?from=shop", secret: "{secret} {old}" }
    offers:
      - { sku: N-MUG, title: "Mug “Grüße”", cost: "4.00", currency: EUR, stock: 100, ships_to: [DE] }
shops:
  - domain: demo.myshopify.com
    automation: on
    locations: all
    connections: [ { supplier: north, priority: 1 } ]
    mappings:
      - variant: { sku: MUG }
        alternatives:
          - components: [ { supplier: north, sku: N-MUG, quantity: 1 } ]
"#;

async fn order_a_mug(world: &World, stub: &Stub) {
    let product = ProductSpec {
        title: "Mug".to_owned(),
        variants: vec![VariantSpec::new("MUG", "20.00")],
        ..ProductSpec::default()
    };
    let mug = world.shop.create_product(product).expect("a product").variants[0];
    world
        .apply(&SETUP.replace("{url}", &stub.url()).replace("{old}", OLD_SECRET))
        .await;
    world.shop.create_order(OrderSpec::of([(mug, 1)])).expect("an order");
}

#[rstest]
#[tokio::test]
async fn every_call_is_signed_as_the_specification_says_and_keeps_its_id(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let later = Reply::status(429, "").with_header("Retry-After: 1");
    let taken = Reply::status(200, "");
    let stub = Stub::start([Reply::status(502, "{}"), Reply::Lost, later, taken]).await;
    let world = WorldSpec::on(database).build().await;
    order_a_mug(&world, &stub).await;
    world
        .eventually("the supplier has taken the order", async || {
            let placed = "select count(*) from purchase_orders where status = 'placed'";
            stub.requests().len() == 4 && world.count(placed).await == 1
        })
        .await;

    let calls = stub.requests();
    let mut oracle = Oracle::start();
    for call in &calls {
        assert_eq!(call.path, "/orders?from=shop");
        assert_eq!(call.header("content-type"), Some("application/json"));
        for secret in [SUPPLIER_SECRET, OLD_SECRET] {
            assert!(oracle.believes(secret, call, &call.body), "{call:?}");
            assert!(
                !oracle.believes(secret, call, &format!("{} ", call.body)),
                "another body"
            );
        }
        let other = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5";
        assert!(!oracle.believes(other, call, &call.body), "another secret");
        assert_eq!(
            call.header("webhook-id"),
            calls[0].header("webhook-id"),
            "one call, repeated"
        );
        assert_eq!(call.body, calls[0].body);
    }
    let body = calls[0].json();
    assert_eq!(body["type"], "purchase_order.created");
    assert_eq!(body["data"]["lines"][0]["title"], "Mug “Grüße”");
}

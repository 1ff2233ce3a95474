//! A market with two suppliers who sell the same: what each charges decides who ships.

use sandbox::{AddressSpec, Behaviour, OrderSpec, ProductSpec, VariantSpec};
use serde_json::{Value, json};

use crate::harness::{Database, World, WorldSpec};

/// North's mug is the cheaper one by an euro, East's shirt by half of one.
const SETUP: &str = r#"
version: 1
suppliers:
  - key: north
    name: North
    connector: http
    settings: { endpoint: "{endpoint:north}", secret: "{secret}" }
    offers:
      - { sku: N-MUG, title: Mug, cost: "4.00", currency: EUR, weight_g: 400 }
      - { sku: N-SHIRT, title: Shirt, cost: "9.00", currency: EUR, weight_g: 600 }
  - key: east
    name: East
    connector: http
    settings: { endpoint: "{endpoint:east}", secret: "{secret}" }
    offers:
      - { sku: E-MUG, title: Mug, cost: "5.00", currency: {currency}, weight_g: 400, price_breaks: {breaks} }
      - { sku: E-SHIRT, title: Shirt, cost: "8.50", currency: EUR, weight_g: 600 }
shops:
  - domain: demo.myshopify.com
    automation: on
    routing: {routing}
    connections:
      - { supplier: north, priority: 1, handling_days: 1{north} }
      - { supplier: east, priority: 2, handling_days: 1{east} }
    mappings:
      - variant: { sku: MUG }
        alternatives:
          - components: [ { supplier: north, sku: N-MUG } ]
          - components: [ { supplier: east, sku: E-MUG } ]
      - variant: { sku: SHIRT }
        alternatives:
          - components: [ { supplier: north, sku: N-SHIRT } ]
          - components: [ { supplier: east, sku: E-SHIRT } ]
"#;

/// An order and the costs under which it is placed.
#[derive(Clone, Copy)]
pub struct Case {
    pub routing: &'static str,
    /// Per order, per parcel, and what else is to be said.
    pub north: (&'static str, &'static str, &'static str),
    pub east: (&'static str, &'static str, &'static str),
    pub breaks: &'static str,
    pub currency: &'static str,
    pub lines: &'static [(usize, i64)],
    pub zip: &'static str,
}

pub const ANYWHERE: &str = "zones: [ { name: All, transit_days: 2, included: true } ]";
pub const MUG: usize = 0;
pub const SHIRT: usize = 1;

/// One mug, at the least cost, with a parcel for one euro from either supplier.
pub const PLAIN: Case = Case {
    routing: "{ strategy: cheapest }",
    north: ("0", "1", ANYWHERE),
    east: ("0", "1", ANYWHERE),
    breaks: "[]",
    currency: "EUR",
    lines: &[(MUG, 1)],
    zip: "10115",
};

impl Case {
    pub fn setup(&self) -> String {
        let costs = |(per_order, per_parcel, rest): (&str, &str, &str)| match rest {
            "" => String::new(),
            rest => {
                format!(", costs: {{ currency: EUR, per_order: '{per_order}', per_parcel: '{per_parcel}', {rest} }}")
            }
        };
        SETUP
            .replace("{routing}", self.routing)
            .replace("{north}", &costs(self.north))
            .replace("{east}", &costs(self.east))
            .replace("{breaks}", self.breaks)
            .replace("{currency}", self.currency)
    }
}

pub struct Market {
    pub world: World,
    variants: Vec<i64>,
}

impl Market {
    pub async fn open(database: Database) -> Self {
        let spec = WorldSpec::on(database)
            .supplier("north", Behaviour::manual())
            .supplier("east", Behaviour::manual());
        let world = spec.build().await;
        let variants = ["MUG", "SHIRT"].map(|sku| {
            let product = ProductSpec {
                title: sku.to_owned(),
                variants: vec![VariantSpec::new(sku, "20.00")],
                ..ProductSpec::default()
            };
            world.shop.create_product(product).expect("a product").variants[0]
        });
        Self {
            world,
            variants: variants.to_vec(),
        }
    }

    pub fn bought(&self) -> (usize, usize) {
        let count = |supplier| self.world.supplier(supplier).orders().len();
        (count("north"), count("east"))
    }

    pub fn place(&self, case: Case) -> i64 {
        self.world.shop.create_order(self.spec(case)).expect("an order")
    }

    /// The order of a case, before it is placed.
    pub fn spec(&self, case: Case) -> OrderSpec {
        let lines = case
            .lines
            .iter()
            .map(|(variant, quantity)| (self.variants[*variant], *quantity));
        OrderSpec {
            shipping_address: Some(AddressSpec {
                zip: Some(case.zip.to_owned()),
                ..AddressSpec::default()
            }),
            ..OrderSpec::of(lines)
        }
    }

    /// How many purchase orders North and East get for the order.
    pub async fn under(&self, case: Case) -> (usize, usize) {
        self.world.apply(&case.setup()).await;
        self.bought_for(self.spec(case)).await
    }

    /// The same under the costs that there are.
    pub async fn bought_for(&self, spec: OrderSpec) -> (usize, usize) {
        let before = self.bought();
        self.world.shop.create_order(spec).expect("an order");
        let come = async || self.bought() != before;
        self.world.eventually("somebody gets the order", come).await;
        self.quiet().await;
        let after = self.bought();
        (after.0 - before.0, after.1 - before.1)
    }

    pub async fn quiet(&self) {
        let busy = "select count(*) from jobs where state in ('ready', 'running')";
        self.world
            .eventually("nothing is left to do", async || self.world.count(busy).await == 0)
            .await;
    }

    /// The newest order's plan.
    pub async fn plan(&self) -> Value {
        let query = "{ orders(first: 1) { nodes { plan {
            strategy
            landed { total { decimal } preferences { decimal } gap { decimal }
                suppliers { supplierName goods { decimal } duties { decimal } fees { decimal } shipping { decimal }
                    parcels weightG }
                rates { from to rate on } }
            lines { reason
                alone { units goods { decimal } duties { decimal } fees { decimal } shipping { decimal } days }
                runnerUp { summary more { decimal } preferences { decimal } toWin { sku supplierName by { decimal } } }
                rejected { summary reason also
                    alone { units goods { decimal } fees { decimal } shipping { decimal } days } } }
        } } } }";
        let answer = self.world.graphql(query, json!({})).await;
        answer["orders"]["nodes"][0]["plan"].clone()
    }
}

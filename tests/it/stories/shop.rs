//! The shop that the stories share: a mug, a shirt, a kit, and something unmapped.

use std::collections::BTreeMap;

use sandbox::{Behaviour, OrderSnapshot, OrderSpec, ProductSpec, SupplierOrder, VariantSpec};

use crate::harness::{Database, World, WorldSpec};

/// The kit's components come from one supplier.
pub const KIT_AT_ONE: &str = "
          - components:
              - { supplier: east, sku: E-TEA, quantity: 2 }
              - { supplier: east, sku: E-BOX, quantity: 1 }";

/// The kit's components come from two suppliers.
pub const KIT_AT_TWO: &str = "
          - components:
              - { supplier: north, sku: N-TEA, quantity: 2 }
              - { supplier: east, sku: E-BOX, quantity: 1 }";

const SETUP: &str = r#"
version: 1
suppliers:
  - key: north
    name: North
    connector: http
    settings: { endpoint: "{endpoint:north}", secret: "{secret}" }
    offers:
      - { sku: N-MUG, title: Mug, cost: "4.00", currency: EUR, stock: 100, ships_to: [DE]{of_north_mug} }
      - { sku: N-SHIRT, title: Shirt, cost: "9.00", currency: EUR, stock: 100, ships_to: [DE] }
      - { sku: N-TEA, title: Tea, cost: "3.00", currency: EUR, stock: 100, ships_to: [DE] }
  - key: east
    name: East
    connector: http
    settings: { endpoint: "{endpoint:east}", secret: "{secret}" }
    offers:
      - { sku: E-MUG, title: Mug, cost: "5.00", currency: EUR, stock: 100, ships_to: [DE] }
      - { sku: E-TEA, title: Tea, cost: "3.00", currency: EUR, stock: 100, ships_to: [DE] }
      - { sku: E-BOX, title: Box, cost: "2.00", currency: EUR, stock: 100, ships_to: [DE] }
shops:
  - domain: demo.myshopify.com
    automation: on
    locations: {locations}
    rules: {rules}
    connections:
      - { supplier: north, priority: 1, price_tolerance_pct: 2, handling_days: 1{with_north} }
      - { supplier: east, priority: 2, price_tolerance_pct: 2, handling_days: 1 }
    mappings:
      - variant: { sku: MUG }
        alternatives:
          - components: [ { supplier: north, sku: N-MUG, quantity: 1 } ]
{mug_alternative}
      - variant: { sku: SHIRT }
        alternatives:
          - components: [ { supplier: north, sku: N-SHIRT, quantity: 1 } ]
      - variant: { sku: KIT }
        alternatives: {kit}
"#;

/// A world with two suppliers, set up and ready for orders.
pub struct Story {
    pub world: World,
    variants: BTreeMap<&'static str, i64>,
}

/// What differs between stories.
pub struct Plot {
    pub north: Behaviour,
    pub east: Behaviour,
    pub kit: &'static str,
    /// Whether the mug has a second source.
    pub mug_at_east: bool,
    /// As in the setup file.
    pub locations: &'static str,
    pub rules: &'static str,
    /// What else is said of North's mug, and of the agreement with North.
    pub of_north_mug: &'static str,
    pub with_north: &'static str,
    /// Environment beyond the usual.
    pub env: Vec<(&'static str, String)>,
}

impl Default for Plot {
    fn default() -> Self {
        Self {
            north: Behaviour::manual(),
            east: Behaviour::manual(),
            kit: KIT_AT_ONE,
            mug_at_east: false,
            locations: "all",
            rules: "[]",
            of_north_mug: "",
            with_north: "",
            env: Vec::new(),
        }
    }
}

impl Plot {
    pub fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    pub async fn begin(self, database: Database) -> Story {
        let setup = self.setup();
        let mut spec = WorldSpec::on(database)
            .supplier("north", self.north)
            .supplier("east", self.east);
        for (name, value) in self.env {
            spec = spec.env(name, value);
        }
        let world = spec.build().await;
        let mut variants = BTreeMap::new();
        for sku in ["MUG", "SHIRT", "KIT", "UNMAPPED"] {
            let product = ProductSpec {
                title: sku.to_owned(),
                tags: vec![format!("is-{}", sku.to_lowercase())],
                variants: vec![VariantSpec::new(sku, "20.00")],
                ..ProductSpec::default()
            };
            let ids = world.shop.create_product(product).expect("a product");
            variants.insert(sku, ids.variants[0]);
        }
        world.apply(&setup).await;
        Story { world, variants }
    }

    /// The setup file.
    pub fn setup(&self) -> String {
        let second = "          - components: [ { supplier: east, sku: E-MUG, quantity: 1 } ]";
        SETUP
            .replace("{kit}", self.kit)
            .replace("{locations}", self.locations)
            .replace("{rules}", self.rules)
            .replace("{of_north_mug}", self.of_north_mug)
            .replace("{with_north}", self.with_north)
            .replace("{mug_alternative}", if self.mug_at_east { second } else { "" })
    }
}

impl Story {
    /// Applies the usual setup again, in which now North makes the unmapped variant too.
    pub async fn map_the_unmapped(&self) {
        let mapping = "      - variant: { sku: UNMAPPED }
        alternatives:
          - components: [ { supplier: north, sku: N-TEA, quantity: 1 } ]
";
        self.world.apply(&(Plot::default().setup() + mapping)).await;
    }

    pub fn order(&self, lines: &[(&str, i64)]) -> i64 {
        let lines = lines.iter().map(|(sku, quantity)| (self.variants[sku], *quantity));
        self.world.shop.create_order(OrderSpec::of(lines)).expect("an order")
    }

    /// The variant with a SKU.
    pub fn variant(&self, sku: &str) -> i64 {
        self.variants[sku]
    }

    pub fn snapshot(&self, order: i64) -> OrderSnapshot {
        self.world.shop.order(order).expect("the order")
    }

    /// The only purchase order that a supplier has, once it is there.
    pub async fn purchase_order(&self, supplier: &str) -> SupplierOrder {
        let what = format!("{supplier} has a purchase order");
        self.world
            .eventually(&what, async || !self.world.supplier(supplier).orders().is_empty())
            .await;
        let orders = self.world.supplier(supplier).orders();
        assert_eq!(orders.len(), 1, "{supplier} has exactly one: {orders:?}");
        orders.into_iter().next().expect("one")
    }

    pub async fn fulfillments(&self, order: i64, count: usize) {
        let what = format!("{count} fulfillments");
        self.world
            .eventually(&what, async || self.snapshot(order).fulfillments.len() >= count)
            .await;
        assert_eq!(self.snapshot(order).fulfillments.len(), count);
    }

    /// What the newest order's page says: its plan and its history.
    pub async fn page(&self) -> String {
        let query = "{ orders(first: 1) { nodes {
            plan { strategy lines { reason runnerUp { summary } rejected { summary reason also } } }
            events { nodes { message } } exceptions { message } } } }";
        self.world.graphql(query, serde_json::json!({})).await.to_string()
    }

    /// Waits until no job waits or runs.
    pub async fn quiet(&self) {
        let busy = "select count(*) from jobs where state in ('ready', 'running')";
        self.world
            .eventually("nothing is left to do", async || self.world.count(busy).await == 0)
            .await;
    }
}

/// SKU × quantity, in order.
pub type Lines = Vec<(String, i64)>;

/// What a fulfillment holds, as `SKU × quantity` in order, and its numbers.
pub fn contents(snapshot: &OrderSnapshot) -> Vec<(Lines, Vec<String>)> {
    let of_one = |fulfillment: &sandbox::Fulfillment| {
        let mut lines: Vec<_> = fulfillment
            .lines
            .iter()
            .map(|line| (line.sku.clone(), line.quantity))
            .collect();
        lines.sort();
        let mut numbers: Vec<String> = fulfillment
            .tracking
            .iter()
            .filter_map(|info| info.number.clone())
            .collect();
        numbers.sort();
        (lines, numbers)
    };
    snapshot.fulfillments.iter().map(of_one).collect()
}

/// Lines for comparison with [`contents`].
pub fn lines(of: &[(&str, i64)]) -> Lines {
    of.iter()
        .map(|(sku, quantity)| ((*sku).to_owned(), *quantity))
        .collect()
}

/// Numbers for comparison with [`contents`].
pub fn numbers(of: &[&str]) -> Vec<String> {
    of.iter().map(|number| (*number).to_owned()).collect()
}

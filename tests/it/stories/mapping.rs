//! What a variant is made of: found by its codes, decided by people, and counted on its days.

use rstest::rstest;
use sandbox::{ProductSpec, VariantSpec};
use serde_json::{Value, json};

use super::shop::{Plot, Story};
use crate::harness::Database;

/// A barcode as the supplier writes it, and as the shop does.
const TEA: (&str, &str) = ("4006381333931", "4 006381-333931");

/// A shop whose supplier has the tea's barcode.
async fn begin(database: Database) -> Story {
    let story = Plot::default().begin(database).await;
    let setup = Plot::default().setup();
    let tea = "{ sku: N-TEA, title: Tea,";
    let with_barcode = format!("{{ sku: N-TEA, barcode: \"{}\", title: Tea,", TEA.0);
    assert!(setup.contains(tea));
    story.world.apply(&setup.replace(tea, &with_barcode)).await;
    story
}

impl Story {
    /// A product that the shop has just added, once it is known here.
    async fn product(&self, sku: &str, barcode: Option<&str>) -> i64 {
        let variant = VariantSpec {
            barcode: barcode.map(str::to_owned),
            ..VariantSpec::new(sku, "20.00")
        };
        let spec = ProductSpec {
            title: format!("Product {sku}"),
            variants: vec![variant],
            ..ProductSpec::default()
        };
        let id = self.world.shop.create_product(spec).expect("a product").variants[0];
        let known = format!("select count(*) from variants where id = {id}");
        let is_known = async || self.world.count(&known).await == 1;
        self.world.eventually("the product is known", is_known).await;
        id
    }

    async fn search(&self) -> Value {
        let begin = "mutation { matchVariants { run { id } problems { message } } }";
        let answer = self.world.graphql(begin, json!({})).await;
        assert_eq!(answer["matchVariants"]["problems"], json!([]));
        let run = "{ matchRun { seen certain doubtful endedAt } }";
        let is_over = async || !self.world.graphql(run, json!({})).await["matchRun"]["endedAt"].is_null();
        self.world.eventually("the search is over", is_over).await;
        self.world.graphql(run, json!({})).await["matchRun"].clone()
    }

    /// `variant's SKU: offer's SKU by code [doubts]`, and the ids.
    async fn proposals(&self, certain: bool) -> (Vec<String>, Vec<Value>) {
        let query = "query($certain: Boolean!) { matchProposals(certain: $certain) { nodes {
            id variant { sku } offer { sku } foundBy doubts } } }";
        let answer = self.world.graphql(query, json!({ "certain": certain })).await;
        let nodes = answer["matchProposals"]["nodes"].as_array().expect("nodes").clone();
        let mut told: Vec<(String, Value)> = nodes
            .into_iter()
            .map(|node| {
                let line = format!(
                    "{}: {} by {} {}",
                    node["variant"]["sku"], node["offer"]["sku"], node["foundBy"], node["doubts"]
                );
                (line.replace('"', ""), node["id"].clone())
            })
            .collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        told.into_iter().unzip()
    }
}

#[rstest]
#[tokio::test]
async fn codes_find_offers_and_people_decide(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = begin(database).await;
    let shirt = story.product("n-shirt", None).await;
    story.product("TEA-7", Some(TEA.1)).await;
    story.product("E-BOX", None).await;
    story.product("e-box ", None).await;
    story.product("N/A", Some("0000000000000")).await;
    let order = story.world.shop.create_order(sandbox::OrderSpec::of([(shirt, 2)]));
    order.expect("an order");
    let waits = "select count(*) from exceptions where kind = 'unmapped_line' and status = 'open'";
    let is_asked = async || story.world.count(waits).await == 1;
    story.world.eventually("somebody is asked what it is", is_asked).await;

    let run = story.search().await;
    assert_eq!((&run["certain"], &run["doubtful"]), (&json!(2), &json!(2)), "{run}");
    let (certain, _) = story.proposals(true).await;
    assert_eq!(certain, ["TEA-7: N-TEA by BARCODE []", "n-shirt: N-SHIRT by SKU []"]);
    let (doubtful, ids) = story.proposals(false).await;
    let expect = [
        "E-BOX: E-BOX by SKU [SEVERAL_VARIANTS]",
        "e-box : E-BOX by SKU [SEVERAL_VARIANTS]",
    ];
    assert_eq!(doubtful, expect);

    // Nothing is mapped until somebody says so; then the order that waited is bought.
    assert_eq!(story.world.count("select count(*) from mappings").await, 3);
    let accept = "mutation { acceptCertainMatches { began problems { message } } }";
    story.world.graphql(accept, json!({})).await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.lines[0].sku, "N-SHIRT");
    story.quiet().await;
    assert_eq!(story.world.count("select count(*) from mappings").await, 5);
    assert_eq!(story.world.count(waits).await, 0);

    // One with a doubt is accepted by name, the other refused; who asks twice is told.
    let decide = "mutation($yes: [ID!]!, $no: [ID!]!) { acceptMatches(ids: $yes) { done problems { field message } }
        refuseMatches(ids: $no) { done problems { message } } }";
    let answer = story
        .world
        .graphql(decide, json!({ "yes": [ids[0]], "no": [ids[1]] }))
        .await;
    assert_eq!(answer["acceptMatches"], json!({ "done": [ids[0]], "problems": [] }));
    assert_eq!(answer["refuseMatches"]["done"], json!([ids[1]]));
    let again = story
        .world
        .graphql(decide, json!({ "yes": [ids[0]], "no": [ids[1]] }))
        .await;
    assert_eq!(
        again["acceptMatches"]["problems"][0]["field"],
        json!(["ids", "0"]),
        "{again}"
    );
    assert_eq!(story.world.count("select count(*) from mappings").await, 6);

    // What was refused is not proposed again.
    let run = story.search().await;
    assert_eq!((&run["certain"], &run["doubtful"]), (&json!(0), &json!(0)), "{run}");
}

/// The offer is one of the two at the most, and its codes do not say which.
#[rstest]
#[tokio::test]
async fn an_offer_whose_codes_name_two_variants_is_left_to_people(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = begin(database).await;
    story.product("TEA-7", Some(TEA.1)).await;
    story.product("N-TEA", None).await;
    let run = story.search().await;
    assert_eq!((&run["certain"], &run["doubtful"]), (&json!(0), &json!(2)), "{run}");
    let expect = [
        "N-TEA: N-TEA by SKU [CODES_DISAGREE]",
        "TEA-7: N-TEA by BARCODE [CODES_DISAGREE]",
    ];
    assert_eq!(story.proposals(false).await.0, expect);
}

const SAVE: &str = "mutation($variant: ShopifyId!, $alternatives: [AlternativeInput!]!) {
    saveMapping(variantId: $variant, alternatives: $alternatives) { problems { field message } } }";

/// An alternative of one offer with its days.
async fn alternative(story: &Story, sku: &str, days: (Option<&str>, Option<&str>)) -> Value {
    let query = "query($sku: String) { offers(filter: { search: $sku }) { nodes { id sku } } }";
    let found = story.world.graphql(query, json!({ "sku": sku })).await;
    let id = &found["offers"]["nodes"][0]["id"];
    json!({ "components": [{ "offerId": id, "quantity": 1 }], "validFrom": days.0, "validUntil": days.1 })
}

#[rstest]
#[tokio::test]
async fn an_alternative_counts_on_its_days(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let over = alternative(&story, "N-MUG", (None, Some("2001-01-01"))).await;
    let to_come = alternative(&story, "N-TEA", (Some("2999-01-01"), None)).await;
    let now = alternative(&story, "E-MUG", (Some("2001-01-01"), Some("2999-01-01"))).await;
    let save = async |variant: i64, alternatives: Value| {
        let variables = json!({ "variant": variant.to_string(), "alternatives": alternatives });
        story.world.graphql(SAVE, variables).await["saveMapping"]["problems"].clone()
    };
    let mug = story.variant("MUG");
    assert_eq!(save(mug, json!([over, to_come, now])).await, json!([]));
    story.order(&[("MUG", 1)]);
    let placed = story.purchase_order("east").await;
    assert_eq!(placed.lines[0].sku, "E-MUG");
    story.quiet_but_for_later().await;
    assert!(story.world.supplier("north").orders().is_empty());

    let upside_down = alternative(&story, "E-MUG", (Some("2026-12-24"), Some("2026-12-01"))).await;
    let problems = save(mug, json!([now, upside_down])).await;
    assert_eq!(
        problems[0]["field"],
        json!(["alternatives", "1", "validUntil"]),
        "{problems}"
    );

    // Where no alternative counts today, a person is asked.
    assert_eq!(save(mug, json!([over])).await, json!([]));
    story.order(&[("MUG", 1)]);
    let open = "select count(*) from exceptions where kind = 'unmapped_line' and status = 'open'";
    let is_asked = async || story.world.count(open).await == 1;
    story.world.eventually("somebody is asked", is_asked).await;
}

/// Invariant 6: who changes something else about a mapping does not agree to a price by it.
#[rstest]
#[tokio::test]
async fn saving_a_mapping_accepts_no_price_by_the_way(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    // The mapping has accepted 4.00; a tolerance of 2 % ends at 4.08.
    story.world.raise_price("N-MUG", 990).await;
    story.order(&[("MUG", 1)]);
    let rose = "select count(*) from exceptions where kind = 'price_rose' and status = 'open'";
    let is_asked = async || story.world.count(rose).await == 1;
    story.world.eventually("somebody is asked", is_asked).await;

    let mug = story.variant("MUG");
    let save = async |alternatives: Value| {
        let variables = json!({ "variant": mug.to_string(), "alternatives": alternatives });
        story.world.graphql(SAVE, variables).await["saveMapping"]["problems"].clone()
    };
    let accepted = "select accepted_cost_minor from mapping_components c join offers o on o.id = c.offer_id
        where o.sku = 'N-MUG'";
    let north = alternative(&story, "N-MUG", (None, None)).await;
    let over = alternative(&story, "E-MUG", (None, Some("2001-01-01"))).await;
    assert_eq!(save(json!([north, over])).await, json!([]));
    story.quiet().await;
    assert_eq!(story.world.count(accepted).await, 400);
    // Not where it stands in another place by then, either.
    assert_eq!(save(json!([over, north])).await, json!([]));
    story.quiet().await;
    assert_eq!(story.world.count(accepted).await, 400);
    assert_eq!(story.world.count(rose).await, 1);
    assert!(
        story.world.supplier("north").orders().is_empty(),
        "at 9.90 nothing is bought"
    );

    let at = |cost: &str, currency: Value| {
        let mut named = north.clone();
        named["components"][0]["acceptedCost"] = json!(cost);
        named["components"][0]["currency"] = currency;
        json!([named])
    };
    for (cost, currency, field) in [
        ("9.90", json!("USD"), "currency"),
        ("9.90", Value::Null, "currency"),
        ("-1", json!("EUR"), "acceptedCost"),
        ("dear", json!("EUR"), "acceptedCost"),
    ] {
        let problems = save(at(cost, currency)).await;
        let place = json!(["alternatives", "0", "components", "0", field]);
        assert_eq!(problems[0]["field"], place, "{problems}");
    }
    // Who agrees says so.
    assert_eq!(save(at("9.90", json!("EUR"))).await, json!([]));
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.lines[0].unit_cost, "9.90");
}

impl Story {
    /// Waits until nothing is left to do but what is for another year.
    async fn quiet_but_for_later(&self) {
        let busy =
            "select count(*) from jobs where state = 'running' or (state = 'ready' and run_at_ms < 4000000000000)";
        self.world
            .eventually("nothing is left to do", async || self.world.count(busy).await == 0)
            .await;
    }
}

/// Titles are a hint: alike ones of suppliers that the shop is connected with, and never a match by itself.
#[rstest]
#[tokio::test]
async fn alike_titles_are_only_a_hint(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let tea = |supplier: &str| format!("      - {{ sku: {supplier}-TEA,");
    let also = |supplier: &str, offers: &str| format!("{offers}{}", tea(supplier));
    let of_north = "      - { sku: N-BOWL, title: Stoneware bowl, cost: \"3.00\", currency: EUR }\n";
    let of_east = "      - { sku: E-BOWL, title: \"Bowl, stoneware, blue\", cost: \"2.00\", currency: EUR }
      - { sku: E-LAMP, title: Desk lamp, cost: \"2.00\", currency: EUR }\n";
    let stranger = "  - key: west
    name: West
    connector: portal
    offers:
      - { sku: W-BOWL, title: Blue stoneware bowl, cost: \"1.00\", currency: EUR }
shops:
";
    let setup = Plot::default().setup().replacen("shops:\n", stranger, 1);
    let setup = setup
        .replace(&tea("N"), &also("N", of_north))
        .replace(&tea("E"), &also("E", of_east));
    story.world.apply(&setup).await;
    let spec = ProductSpec {
        title: "Blue stoneware bowl".to_owned(),
        variants: vec![VariantSpec::new("BOWL-1", "20.00")],
        ..ProductSpec::default()
    };
    story.world.shop.create_product(spec).expect("a product");
    let known = "select count(*) from variants where sku = 'BOWL-1'";
    story.waits_for("the product is known", known, 1).await;
    let query = "{ variants(filter: { search: \"BOWL-1\" }) { nodes { similarOffers { likeness offer { sku } } } } }";
    let answer = story.world.graphql(query, json!({})).await;
    let similar = answer["variants"]["nodes"][0]["similarOffers"]
        .as_array()
        .expect("a list");
    let skus: Vec<&str> = similar
        .iter()
        .filter_map(|hint| hint["offer"]["sku"].as_str())
        .collect();
    assert_eq!(skus, ["E-BOWL", "N-BOWL"], "{answer}");
    assert_eq!(similar[0]["likeness"], 100);
    story.search().await;
    let of_bowl = |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with("BOWL-1")).count();
    assert_eq!(
        of_bowl(story.proposals(true).await.0) + of_bowl(story.proposals(false).await.0),
        0
    );
}

//! What changes between a decision and its leaving reaches it: the address, what Shopify and the shop say
//! of the order, mappings, and the switch that lets the program buy.

use rstest::rstest;
use serde_json::json;

use super::shop::{Plot, Story};
use crate::harness::{Database, World};

const OPEN: &str = "select count(*) from exceptions where status = 'open'";

async fn settings(world: &World, change: &str) {
    let change = format!("mutation {{ updateShopSettings(input: {{ {change} }}) {{ problems {{ field message }} }} }}");
    let answer = world.graphql(&change, json!({})).await;
    assert_eq!(answer["updateShopSettings"]["problems"], json!([]));
}

async fn map(story: &Story, variant: &str, skus: &[&str]) {
    let mut alternatives = Vec::new();
    for sku in skus {
        let query = "query($sku: String) { offers(filter: { search: $sku }) { nodes { id } } }";
        let found = story.world.graphql(query, json!({ "sku": sku })).await;
        let id = found["offers"]["nodes"][0]["id"].clone();
        alternatives.push(json!({ "components": [{ "offerId": id, "quantity": 1 }] }));
    }
    let save = "mutation($variant: ShopifyId!, $alternatives: [AlternativeInput!]!) {
        saveMapping(variantId: $variant, alternatives: $alternatives) { problems { field message } } }";
    let variant = story.variant(variant).to_string();
    let answer = story
        .world
        .graphql(save, json!({ "variant": variant, "alternatives": alternatives }))
        .await;
    assert_eq!(answer["saveMapping"]["problems"], json!([]));
}

#[rstest]
#[tokio::test]
async fn nothing_is_bought_while_automation_is_off(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plot = Plot {
        rules: r#"[{ name: Not now, when: 'line.sku == "MUG"', exclude: true }]"#,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 1)]);
    story.order(&[("UNMAPPED", 1)]);
    story.waits_for("both wait for a person", OPEN, 2).await;
    settings(&story.world, "automation: false").await;
    map(&story, "UNMAPPED", &["N-TEA"]).await;
    story.change(r#"switchRule(id: "Not now", enabled: false)"#).await;
    story.quiet().await;
    assert_eq!(story.bought(), (0, 0));
    assert_eq!(story.world.count(OPEN).await, 2, "they wait as before");
    // On again, it makes up for what was left alone.
    settings(&story.world, "automation: true").await;
    story.waits_for("nobody is asked any more", OPEN, 0).await;
    story.quiet().await;
    assert_eq!(story.bought(), (2, 0));
}

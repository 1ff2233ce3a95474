//! An offer that a mapping or a file names twice: never bought twice without anybody saying so.

use rstest::rstest;
use serde_json::json;

use super::shop::Plot;
use crate::harness::Database;

const SAVE: &str = "mutation($variant: ShopifyId!, $alternatives: [AlternativeInput!]!) {
    saveMapping(variantId: $variant, alternatives: $alternatives) { problems { field message } } }";

#[rstest]
#[tokio::test]
async fn a_row_that_stands_twice_leaves_the_mapping_as_it_was(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let before = story.export().await;
    let twice = "variant_sku,alternative,supplier,offer_sku,quantity\n\
                 MUG,1,north,N-MUG,1\nSHIRT,1,north,N-TEA,1\nMUG,1,north,N-MUG,1\n";
    let without = "variant_sku,supplier,offer_sku\nMUG,north,N-MUG\nMUG,east,E-MUG\n";
    for (file, rows, error) in [
        (
            twice,
            1,
            json!({ "row": 4, "field": "offer_sku", "message": "the same offer stands in row 2; use quantity" }),
        ),
        (
            without,
            0,
            json!({ "row": 3, "field": "alternative", "message": "row 2 is about this variant too, and there is no column \
                “alternative”: add it, with the same number for what is bought together and 1, 2 … for what is tried in turn" }),
        ),
    ] {
        let told = story.import("?dry_run=true", file).await;
        assert_eq!((&told["variants"], &told["errors"]), (&json!(rows), &json!([error])));
    }
    story.import("", without).await;
    assert_eq!(story.export().await, before);
}

/// What the form and the API allow, the file says in one row.
#[rstest]
#[tokio::test]
async fn an_offer_that_a_mapping_names_twice_comes_back_from_its_file(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let offers = "{ offers(filter: { search: \"N-TEA\" }) { nodes { id } } }";
    let offer = story.world.graphql(offers, json!({})).await["offers"]["nodes"][0]["id"].clone();
    let components: Vec<_> = [(1, "3.50"), (2, "3.20")]
        .map(|(quantity, cost)| {
            json!({ "offerId": offer, "quantity": quantity, "acceptedCost": cost, "currency": "EUR" })
        })
        .to_vec();
    let variables =
        json!({ "variant": story.variant("UNMAPPED").to_string(), "alternatives": [{ "components": components }] });
    let saved = story.world.graphql(SAVE, variables).await;
    assert_eq!(saved["saveMapping"]["problems"], json!([]));
    let exported = story.export().await;
    let row = format!(
        "{},UNMAPPED,UNMAPPED,1,north,N-TEA,3,,,3.20,EUR",
        story.variant("UNMAPPED")
    );
    assert!(exported.lines().any(|line| line == row), "{exported}");
    let done = story.import("", &exported).await;
    assert_eq!(done["errors"], json!([]));
    assert_eq!(story.export().await, exported);
}

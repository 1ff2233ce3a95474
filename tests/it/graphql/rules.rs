//! The shop's own rules: saved, refused where they are wrong, ordered, switched, and had back.

use orderyard::{actions::revisit_orders::RevisitOrders, queue::Job as _, store};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use super::world::{As, World};

const BOOK: &str = "rulebook { version rules { id name when kind suppliers number enabled from until state } }
    problems { field code message } position { offset line column }";

async fn change(world: &World, who: &As<'_>, call: &str) -> Value {
    let query = format!("mutation {{ changed: {call} {{ {BOOK} }} }}");
    world.data(who, &query, json!({})).await["changed"].clone()
}

fn names(payload: &Value) -> Vec<&str> {
    let rules = payload["rulebook"]["rules"].as_array().expect("rules");
    rules
        .iter()
        .map(|rule| rule["name"].as_str().expect("a name"))
        .collect()
}

async fn revisits(world: &World) -> usize {
    let rows = store::jobs::Entity::find().all(world.app.db.read()).await;
    let rows = rows.expect("reads").into_iter();
    rows.filter(|row| row.name == RevisitOrders::NAME).count()
}

#[tokio::test]
async fn a_rule_is_added_changed_switched_and_deleted() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let who = As::Session(&tenant.owner);
        let added = change(
            &world,
            &who,
            "saveRule(input: { name: \" Only north \", when: \"order.country == 'CH'\", kind: ONLY,
                suppliers: [\"north-1\"], from: \"2001-01-01\", until: \"2001-12-31\" })",
        )
        .await;
        assert_eq!(names(&added), ["House rule 1", "Only north"], "{added}");
        assert_eq!(
            added["rulebook"]["rules"][1],
            json!({ "id": "Only north", "name": "Only north", "when": "order.country == 'CH'", "kind": "ONLY",
                "suppliers": ["north-1"], "number": null, "enabled": true, "from": "2001-01-01",
                "until": "2001-12-31", "state": "OVER" })
        );
        assert_eq!(added["rulebook"]["version"], 2);
        let changed = change(
            &world,
            &who,
            "saveRule(id: \"Only north\", input: { name: \"Two parcels\", kind: MAX_PARCELS, number: 2 })",
        )
        .await;
        assert_eq!(names(&changed), ["House rule 1", "Two parcels"], "{changed}");
        assert_eq!(changed["rulebook"]["rules"][1]["number"], 2);
        assert_eq!(changed["rulebook"]["rules"][1]["state"], "IN_FORCE");
        let moved = change(&world, &who, "orderRules(ids: [\"Two parcels\", \"House rule 1\"])").await;
        assert_eq!(names(&moved), ["Two parcels", "House rule 1"], "{moved}");
        let off = change(&world, &who, "switchRule(id: \"Two parcels\", enabled: false)").await;
        assert_eq!(off["rulebook"]["rules"][0]["state"], "OFF", "{off}");
        let again = change(&world, &who, "switchRule(id: \"Two parcels\", enabled: false)").await;
        assert_eq!(
            again["rulebook"]["version"], 5,
            "what changes nothing makes no version: {again}"
        );
        let gone = change(&world, &who, "deleteRule(id: \"Two parcels\")").await;
        assert_eq!(names(&gone), ["House rule 1"], "{gone}");
        assert_eq!(revisits(&world).await, 1, "several changes are one reason to look");
    }
}

#[tokio::test]
async fn a_wrong_condition_is_refused_with_its_place() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let who = As::Session(&tenant.owner);
        let call =
            "saveRule(input: { name: \"A\", kind: EXCLUDE, when: \"order.total > 1\\n  and order.county == 'x'\" })";
        let refused = change(&world, &who, call).await;
        assert_eq!(
            refused,
            json!({ "rulebook": null,
                "problems": [{ "field": ["when"], "code": "INVALID", "message": "there is no “order.county”" }],
                "position": { "offset": 22, "line": 2, "column": 7 } })
        );
        let query = "query($when: String!, $kind: RuleKind!) {
            conditionMistake(when: $when, kind: $kind) { message position { line column } } }";
        let ask = async |when: &str, kind: &str| {
            let data = world.data(&who, query, json!({ "when": when, "kind": kind })).await;
            data["conditionMistake"].clone()
        };
        assert_eq!(ask("offer.stock < 3", "EXCLUDE").await, Value::Null);
        let scope = ask("offer.stock < 3", "NEVER_SPLIT").await;
        assert_eq!(scope["position"], json!({ "line": 1, "column": 1 }), "{scope}");
        let range = ask("order.postcode between '20000' and '10000'", "EXCLUDE").await;
        assert_eq!(
            range["message"],
            "order.postcode: the range is upside down, its beginning lies behind its end"
        );
    }
}

#[tokio::test]
async fn what_a_rule_cannot_be_is_refused_by_its_field() {
    for world in World::each(false).await {
        let (tenant, _other) = (world.tenant(1).await, world.tenant(2).await);
        let who = As::Session(&tenant.owner);
        let long = "x".repeat(101);
        for (input, field) in [
            ("name: \" \", kind: EXCLUDE".to_owned(), "name"),
            (format!("name: \"{long}\", kind: EXCLUDE"), "name"),
            ("name: \"House rule 1\", kind: EXCLUDE".to_owned(), "name"),
            ("name: \"A\", kind: ONLY".to_owned(), "suppliers"),
            (
                "name: \"A\", kind: ONLY, suppliers: [\"nobody\"]".to_owned(),
                "suppliers",
            ),
            (
                "name: \"A\", kind: NEVER, suppliers: [\"north-2\"]".to_owned(),
                "suppliers",
            ),
            ("name: \"A\", kind: KEEP_IN_STOCK".to_owned(), "number"),
            ("name: \"A\", kind: MAX_PARCELS, number: -1".to_owned(), "number"),
            ("name: \"A\", kind: EXCLUDE, from: \"yesterday\"".to_owned(), "from"),
            (
                "name: \"A\", kind: EXCLUDE, from: \"2026-12-02\", until: \"2026-12-01\"".to_owned(),
                "until",
            ),
        ] {
            let refused = change(&world, &who, &format!("saveRule(input: {{ {input} }})")).await;
            assert_eq!(refused["problems"][0]["field"], json!([field]), "{input}: {refused}");
        }
        for (call, code) in [
            ("deleteRule(id: \"none\")", "NOT_FOUND"),
            ("switchRule(id: \"none\", enabled: true)", "NOT_FOUND"),
            ("orderRules(ids: [\"House rule 1\", \"House rule 1\"])", "INVALID"),
            ("orderRules(ids: [])", "INVALID"),
            ("restoreRules(toVersion: 7)", "NOT_FOUND"),
            ("deleteRule(id: \"House rule 1\", version: 0)", "CONFLICT"),
        ] {
            let refused = change(&world, &who, call).await;
            assert_eq!(refused["problems"][0]["code"], code, "{call}: {refused}");
        }
        assert_eq!(revisits(&world).await, 0);
    }
}

#[tokio::test]
async fn every_version_is_kept_and_can_be_had_back() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let who = As::Session(&tenant.owner);
        change(&world, &who, "deleteRule(id: \"House rule 1\", version: 1)").await;
        let back = change(&world, &As::Token(&tenant.token), "restoreRules(toVersion: 1)").await;
        assert_eq!(names(&back), ["House rule 1"], "{back}");
        let query = "query($after: String) { rulebook { versions(first: 2, after: $after) {
            nodes { version what madeBy rules { name } } pageInfo { hasNextPage endCursor } } } }";
        let page = world.data(&who, query, json!({})).await["rulebook"]["versions"].clone();
        assert_eq!(
            page["nodes"],
            json!([
                { "version": 3, "what": "Back to version 1", "madeBy": "API token", "rules": [{ "name": "House rule 1" }] },
                { "version": 2, "what": "“House rule 1” was deleted", "madeBy": "Olga Owner", "rules": [] },
            ])
        );
        let past = "{ past: rulebookVersion(version: 1) { version rules { name } } none: rulebookVersion(version: 9) { version } }";
        let past = world.data(&who, past, json!({})).await;
        assert_eq!(
            past,
            json!({ "past": { "version": 1, "rules": [{ "name": "House rule 1" }] }, "none": null })
        );
        let after = &page["pageInfo"]["endCursor"];
        let rest = world.data(&who, query, json!({ "after": after })).await;
        assert_eq!(rest["rulebook"]["versions"]["nodes"][0]["version"], 1, "{rest}");
    }
}

#[tokio::test]
async fn the_language_tells_what_may_be_asked() {
    let world = World::each(false).await.remove(0);
    let tenant = world.tenant(1).await;
    let query = "{ rulebook { facts { name label about type values } kinds { kind about } } }";
    let book = world.data(&As::Session(&tenant.owner), query, json!({})).await["rulebook"].clone();
    let facts = book["facts"].as_array().expect("facts");
    let fact = |name: &str| facts.iter().find(|fact| fact["name"] == name).expect(name);
    assert_eq!(fact("order.tags")["type"], "LIST");
    assert_eq!(fact("supplier.key")["about"], "CANDIDATE");
    assert_eq!(fact("order.weekday")["values"][0], "monday");
    assert_eq!(book["kinds"][0], json!({ "kind": "EXCLUDE", "about": "CANDIDATE" }));
    for stranger in [As::Nobody, As::Session(&tenant.supplier_user)] {
        let answer = world.ask(&stranger, query, json!({})).await;
        assert!(answer["errors"][0].is_object(), "{answer}");
    }
}

//! What a shop's people set: suppliers, connections, offers, mappings, settings.

use orderyard::{
    actions::revisit_orders::RevisitOrders,
    queue::Job as _,
    store::{self, suppliers},
};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};

use super::{
    seed::Tenant,
    world::{As, World},
};

const PROBLEMS: &str = "problems { field code message }";

async fn change(world: &World, who: &As<'_>, call: &str, wanted: &str) -> Value {
    let query = format!("mutation {{ changed: {call} {{ {wanted} {PROBLEMS} }} }}");
    world.data(who, &query, json!({})).await["changed"].clone()
}

/// Puts the tenant's supplier into the marketplace.
async fn publish(world: &World, tenant: &Tenant) {
    let tx = world.tx().await;
    let found = suppliers::by_id(tx.conn(), tenant.supplier).await;
    let mut row = found.expect("reads").expect("is there");
    row.shop_id = None;
    store::save(&tx, row).expect("saves");
    tx.commit().await.expect("commits");
}

#[tokio::test]
async fn a_supplier_is_created_connected_and_changed() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let who = As::Session(&tenant.owner);
        let wanted = "supplier { id key name private connection { priority priceTolerancePct handlingDays active } }";
        let create = |key: &str, rest: &str| {
            format!("createSupplier(input: {{ key: \"{key}\", name: \"South\", currency: \"EUR\", {rest} }})")
        };
        let call = create(
            "south",
            "connector: PORTAL, connection: { priceTolerancePct: \"2.5\", priority: 3 }",
        );
        let made = change(&world, &who, &call, wanted).await;
        assert_eq!(
            made["supplier"]["connection"],
            json!({ "priority": 3, "priceTolerancePct": "2.5", "handlingDays": 1, "active": true }),
            "{made}"
        );
        let again = change(&world, &who, &call, wanted).await;
        assert_eq!(again["problems"][0]["code"], "CONFLICT");
        for (call, field) in [
            (create("South!", "connector: PORTAL"), "key"),
            (create("west", "connector: HTTP"), "endpoint"),
            (
                create(
                    "west",
                    "connector: HTTP, endpoint: \"http://10.0.0.1/\", secret: \"whsec_x\"",
                ),
                "endpoint",
            ),
            (
                create("west", "connector: PORTAL, connection: { priceTolerancePct: \"-1\" }"),
                "priceTolerancePct",
            ),
        ] {
            let refused = change(&world, &who, &call, wanted).await;
            assert_eq!(refused["problems"][0]["field"], json!([field]), "{call}: {refused}");
        }
        let id = made["supplier"]["id"].as_str().expect("an id");
        let call = format!("updateSupplier(id: \"{id}\", input: {{ name: \"South Ltd\" }})");
        assert_eq!(
            change(&world, &who, &call, wanted).await["supplier"]["name"],
            "South Ltd"
        );
        let call = format!("connectSupplier(supplierId: \"{id}\", input: {{ active: false }})");
        let paused = change(&world, &who, &call, wanted).await;
        assert_eq!(paused["supplier"]["connection"]["active"], false);
        assert_eq!(
            paused["supplier"]["connection"]["priority"], 3,
            "what is not named stays"
        );
    }
}

#[tokio::test]
async fn an_http_suppliers_secret_is_kept_sealed() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let call = format!(
            "createSupplier(input: {{ key: \"west\", name: \"West\", currency: \"EUR\", connector: HTTP,
               endpoint: \"https://west.example/orders\", secret: \"{secret}\" }})"
        );
        let made = change(&world, &As::Session(&tenant.owner), &call, "supplier { endpoint }").await;
        assert_eq!(made["supplier"]["endpoint"], "https://west.example/orders", "{made}");
        let row = suppliers::by_key(world.app.db.read(), "west")
            .await
            .expect("reads")
            .expect("is there");
        let sealed = row.secret.expect("a secret");
        assert!(
            !sealed
                .windows(8)
                .any(|part| secret.as_bytes().windows(8).any(|clear| clear == part))
        );
    }
}

/// The marketplace is everybody's to see and to connect with, and its suppliers' own to change.
#[tokio::test]
async fn the_marketplace_is_not_a_shops_to_change() {
    for world in World::each(false).await {
        let (one, two) = (world.tenant(1).await, world.tenant(2).await);
        publish(&world, &one).await;
        let who = As::Session(&two.owner);
        let id = one.supplier;
        let offer = format!(
            "saveOffer(input: {{ supplierId: \"{id}\", sku: \"X\", title: \"X\", cost: \"1\", currency: \"EUR\" }})"
        );
        for (call, wanted) in [
            (
                format!("updateSupplier(id: \"{id}\", input: {{ name: \"Mine\" }})"),
                "supplier { id }",
            ),
            (offer.clone(), "offer { id }"),
            (format!("createSupplierKey(supplierId: \"{id}\")"), "key"),
            (
                format!("inviteSupplierUser(supplierId: \"{id}\", email: \"m@evil.example\")"),
                "link",
            ),
        ] {
            let refused = change(&world, &who, &call, wanted).await;
            assert_eq!(refused["problems"][0]["code"], "FORBIDDEN", "{call}: {refused}");
        }
        let call = format!("connectSupplier(supplierId: \"{id}\", input: {{ priority: 2 }})");
        let connected = change(
            &world,
            &who,
            &call,
            "supplier { openPurchaseOrders connection { priority } }",
        )
        .await;
        assert_eq!(
            connected["supplier"],
            json!({ "openPurchaseOrders": 0, "connection": { "priority": 2 } }),
            "another shop's purchase orders are not counted"
        );
        let its_own = As::Session(&one.supplier_user);
        assert_eq!(
            change(&world, &its_own, &offer, "offer { sku }").await["offer"]["sku"],
            "X"
        );
        let call = format!("createSupplierKey(supplierId: \"{id}\")");
        let key = change(&world, &its_own, &call, "key").await;
        assert!(key["key"].as_str().expect("a key").starts_with("oys_"));
    }
}

#[tokio::test]
async fn an_offer_is_added_and_then_changed() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let who = As::Session(&tenant.owner);
        let save = |rest: &str| {
            format!(
                "saveOffer(input: {{ supplierId: \"{}\", sku: \"NT-CAP\", title: \"Cap\", {rest} }})",
                tenant.supplier
            )
        };
        let wanted = "offer { id cost { amountMinor currency decimal } shipsTo active }";
        let made = change(
            &world,
            &who,
            &save("cost: \"3.2\", currency: \"EUR\", shipsTo: [\"de\"]"),
            wanted,
        )
        .await;
        assert_eq!(
            made["offer"]["cost"],
            json!({ "amountMinor": 320, "currency": "EUR", "decimal": "3.20" }),
            "{made}"
        );
        assert_eq!(made["offer"]["shipsTo"], json!(["DE"]));
        let broken = save("cost: \"3\", currency: \"EUR\"").replace("NT-CAP", "NT\\nCAP");
        let refused = change(&world, &who, &broken, wanted).await;
        assert_eq!(refused["problems"][0]["field"], json!(["sku"]), "{refused}");
        let changed = change(
            &world,
            &who,
            &save("cost: \"3\", currency: \"EUR\", active: false"),
            wanted,
        )
        .await;
        assert_eq!(changed["offer"]["id"], made["offer"]["id"]);
        assert_eq!(changed["offer"]["active"], false);
        for (rest, field) in [
            ("cost: \"3.205\", currency: \"EUR\"", "cost"),
            ("cost: \"-1\", currency: \"EUR\"", "cost"),
            ("cost: \"1\", currency: \"XXY\"", "currency"),
            ("cost: \"1\", currency: \"USD\"", "currency"),
            ("cost: \"1\", currency: \"EUR\", stock: -1", "stock"),
            ("cost: \"1\", currency: \"EUR\", shipsTo: [\"Germany\"]", "shipsTo"),
        ] {
            let refused = change(&world, &who, &save(rest), wanted).await;
            assert_eq!(refused["problems"][0]["field"], json!([field]), "{rest}: {refused}");
        }
        let dearer = save("cost: \"3\", currency: \"EUR\", priceBreaks: [{ from: 5, cost: \"4\" }]");
        let refused = change(&world, &who, &dearer, wanted).await;
        assert_eq!(
            refused["problems"][0]["field"],
            json!(["priceBreaks", "0", "cost"]),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_mapping_is_saved_at_the_prices_that_were_accepted_and_deleted() {
    for world in World::each(false).await {
        let (tenant, other) = (world.tenant(1).await, world.tenant(2).await);
        let who = As::Session(&tenant.owner);
        let save = |components: &str| {
            format!(
                "saveMapping(variantId: \"{}\", alternatives: [{{ components: [{components}] }}])",
                tenant.variant
            )
        };
        let wanted = "variant { mapping { alternatives { rank components { quantity acceptedCost { decimal } offer { id } } } } }";
        let call = save(&format!("{{ offerId: \"{}\", quantity: 2 }}", tenant.offer));
        let saved = change(&world, &who, &call, wanted).await;
        let alternative = &saved["variant"]["mapping"]["alternatives"][0];
        assert_eq!(alternative["rank"], 1, "{saved}");
        assert_eq!(alternative["components"][0]["acceptedCost"]["decimal"], "4.00");
        assert_eq!(alternative["components"][0]["quantity"], 2);
        for (components, field) in [
            (
                format!("{{ offerId: \"{}\", quantity: 1 }}", other.offer),
                json!(["alternatives", "0", "components", "0", "offerId"]),
            ),
            (
                format!("{{ offerId: \"{}\", quantity: 0 }}", tenant.offer),
                json!(["alternatives", "0", "components", "0", "quantity"]),
            ),
            (String::new(), json!(["alternatives", "0", "components"])),
        ] {
            let refused = change(&world, &who, &save(&components), wanted).await;
            assert_eq!(refused["problems"][0]["field"], field, "{refused}");
        }
        let call = format!("deleteMapping(variantId: \"{}\")", tenant.variant);
        assert_eq!(
            change(&world, &who, &call, wanted).await["variant"]["mapping"],
            Value::Null
        );
        // Mapped anew, what the offer costs by now is accepted.
        let call = save(&format!("{{ offerId: \"{}\", quantity: 1 }}", tenant.offer));
        let saved = change(&world, &who, &call, wanted).await;
        let component = &saved["variant"]["mapping"]["alternatives"][0]["components"][0];
        assert_eq!(component["acceptedCost"]["decimal"], "4.20");
    }
}

#[tokio::test]
async fn a_shops_settings_change_and_what_they_concern_is_looked_at_again() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let who = As::Session(&tenant.owner);
        let wanted =
            "shop { settings { automation notifyCustomer kitFulfillment allLocations } locations { id selected } }";
        let set = |input: &str| format!("updateShopSettings(input: {{ {input} }})");
        let set_to = change(
            &world,
            &who,
            &set("automation: true, kitFulfillment: FIRST_COMPONENT"),
            wanted,
        )
        .await;
        assert_eq!(
            set_to["shop"]["settings"],
            json!({ "automation": true, "notifyCustomer": true, "kitFulfillment": "FIRST_COMPONENT", "allLocations": true })
        );
        assert_eq!(revisits(&world).await, 3, "two for automation, one for kits");
        for input in ["allLocations: false", "locationIds: [\"999\"]"] {
            let refused = change(&world, &who, &set(input), wanted).await;
            assert_eq!(refused["problems"][0]["field"], json!(["locationIds"]), "{input}");
        }
        let set_to = change(&world, &who, &set("locationIds: []"), wanted).await;
        assert_eq!(set_to["shop"]["locations"], json!([{ "id": "10", "selected": false }]));
        assert_eq!(revisits(&world).await, 4);
    }
}

async fn revisits(world: &World) -> usize {
    let rows = store::jobs::Entity::find()
        .all(world.app.db.read())
        .await
        .expect("reads");
    rows.iter().filter(|row| row.name == RevisitOrders::NAME).count()
}

//! The walls: every query and every mutation there is, asked with one tenant's
//! ids by everybody who is not that tenant. Nothing of it may show, and nothing may change.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    seed::Tenant,
    world::{As, World},
};

/// Every query with arguments that name the first tenant's rows.
fn queries(of: &Tenant) -> Vec<(&'static str, String)> {
    vec![
        ("viewer", String::new()),
        ("shop", String::new()),
        ("orders", String::new()),
        ("order", format!("(id: \"{}\")", of.order)),
        ("routePreview", format!("(orderId: \"{}\")", of.order)),
        ("exceptions", format!("(filter: {{ orderId: \"{}\" }})", of.order)),
        ("fulfillmentsInQuestion", format!("(exceptionId: \"{}\")", of.exception)),
        ("deadJobs", String::new()),
        ("lostDeliveries", String::new()),
        ("suppliers", String::new()),
        ("supplier", format!("(id: \"{}\")", of.supplier)),
        ("offers", format!("(filter: {{ supplierId: \"{}\" }})", of.supplier)),
        ("variants", String::new()),
        ("variant", format!("(id: \"{}\")", of.variant)),
        (
            "tryMapping",
            format!(
                "(orderId: \"{}\", variantId: \"{}\", alternatives: [{{ components: [{{ offerId: \"{}\", quantity: 1 }}] }}])",
                of.order, of.variant, of.offer
            ),
        ),
        ("matchRun", String::new()),
        ("matchCounts", String::new()),
        ("matchProposals", "(certain: true)".to_owned()),
        ("purchaseOrders", String::new()),
        ("purchaseOrder", format!("(id: \"{}\")", of.purchase_order)),
        ("demoSignInAvailable", String::new()),
        ("demoAccounts", String::new()),
        ("carriers", String::new()),
        ("invitation", "(token: \"guess\")".to_owned()),
        ("rulebook", String::new()),
        ("rulebookVersion", "(version: 1)".to_owned()),
        (
            "conditionMistake",
            "(when: \"order.total > 1\", kind: NEVER_SPLIT)".to_owned(),
        ),
        ("whatIfRuns", String::new()),
        ("whatIfRun", format!("(id: \"{}\")", of.what_if)),
    ]
}

/// Every mutation with arguments that name the first tenant's rows.
fn mutations(of: &Tenant) -> Vec<(&'static str, String)> {
    let mut all = mutations_of_trade(of);
    all.extend([
        ("requeueJob", format!("(id: \"{}\")", of.dead_job)),
        ("dismissJob", format!("(id: \"{}\")", of.dead_job)),
        ("replayDelivery", format!("(id: \"{}\")", of.lost_delivery)),
        (
            "saveRule",
            format!("(id: \"{0}\", input: {{ name: \"{0}\", kind: NEVER_SPLIT }})", of.rule),
        ),
        ("deleteRule", format!("(id: \"{}\")", of.rule)),
        ("switchRule", format!("(id: \"{}\", enabled: false)", of.rule)),
        ("orderRules", format!("(ids: [\"{}\"])", of.rule)),
        ("restoreRules", "(toVersion: 1)".to_owned()),
        (
            "updateRouting",
            "(input: { strategy: CHEAPEST, weights: {}, shares: [], rates: [] })".to_owned(),
        ),
        ("saveConnectionCosts", format!("(supplierId: \"{}\")", of.supplier)),
        (
            "startWhatIf",
            format!(
                "(input: {{ since: \"2020-01-01T00:00:00Z\", connections: [{{ supplierId: \"{}\" }}] }})",
                of.supplier
            ),
        ),
        ("cancelWhatIf", format!("(id: \"{}\")", of.what_if)),
    ]);
    all
}

fn mutations_of_trade(of: &Tenant) -> Vec<(&'static str, String)> {
    let alternatives = format!(
        "alternatives: [{{ components: [{{ offerId: \"{}\", quantity: 1 }}] }}]",
        of.offer
    );
    let po = format!("id: \"{}\"", of.purchase_order);
    let mut all = vec![
        ("signIn", "(email: \"owner1@shop.example\", password: \"\")".to_owned()),
        ("demoSignIn", "(as: SUPPLIER, supplierKey: \"north-1\")".to_owned()),
        (
            "acceptInvitation",
            "(token: \"guess\", name: \"M\", password: \"guess guess\")".to_owned(),
        ),
        (
            "inviteSupplierUser",
            format!("(supplierId: \"{}\", email: \"m@evil.example\")", of.supplier),
        ),
        (
            "updateSupplier",
            format!("(id: \"{}\", input: {{ name: \"Mine\" }})", of.supplier),
        ),
        (
            "connectSupplier",
            format!("(supplierId: \"{}\", input: {{ priority: 9 }})", of.supplier),
        ),
        ("createSupplierKey", format!("(supplierId: \"{}\")", of.supplier)),
        (
            "saveOffer",
            format!(
                "(input: {{ supplierId: \"{}\", sku: \"NT-MUG\", title: \"Mine\", cost: \"0\", currency: \"EUR\" }})",
                of.supplier
            ),
        ),
        (
            "saveMapping",
            format!("(variantId: \"{}\", {alternatives})", of.variant),
        ),
        ("deleteMapping", format!("(variantId: \"{}\")", of.variant)),
        ("acceptMatches", format!("(ids: [\"{}\"])", of.proposal)),
        ("refuseMatches", format!("(ids: [\"{}\"])", of.proposal)),
        ("routeOrder", format!("(id: \"{}\")", of.order)),
        (
            "overrideRouting",
            format!(
                "(orderId: \"{}\", lineId: \"{}\", parts: [{{ offerId: \"{}\" }}], reason: \"mine\")",
                of.order, of.order_line, of.offer
            ),
        ),
        (
            "splitPurchaseOrder",
            format!("({po}, lineIds: [\"{}\"], reason: \"mine\")", of.po_line),
        ),
        (
            "mergePurchaseOrders",
            format!("({po}, fromId: \"{}\", reason: \"mine\")", of.purchase_order),
        ),
    ];
    all.extend(mutations_of_decisions(of, &alternatives));
    all
}

fn mutations_of_decisions(of: &Tenant, alternatives: &str) -> Vec<(&'static str, String)> {
    let exception = format!("exceptionId: \"{}\"", of.exception);
    let po = format!("id: \"{}\"", of.purchase_order);
    let line = format!("lineId: \"{}\"", of.po_line);
    vec![
        ("resolveByMapping", format!("({exception}, {alternatives})")),
        ("retryException", format!("({exception})")),
        ("chooseSupplier", format!("({exception}, offerId: \"{}\")", of.offer)),
        ("acceptPrice", format!("({exception})")),
        ("settleUnknown", format!("({exception}, placed: true)")),
        ("settleFulfillment", format!("({exception}, fulfillmentId: \"1\")")),
        (
            "settleFulfilledByHand",
            format!("({exception}, choice: ADOPT_TRACKING)"),
        ),
        ("markHandled", format!("({exception}, note: \"mine\")")),
        ("releasePurchaseOrder", format!("({exception})")),
        ("refusePurchaseOrder", format!("({exception}, note: \"mine\")")),
        ("cancelPurchaseOrder", format!("({po}, reason: \"mine\")")),
        (
            "acknowledgePurchaseOrder",
            format!("({po}, lines: [{{ {line}, accepted: 2, rejected: 0 }}])"),
        ),
        (
            "shipPurchaseOrder",
            format!(
                "({po}, input: {{ reference: \"P9\", carrier: \"DHL\", trackingNumber: \"1\", lines: [{{ {line}, quantity: 1 }}] }})"
            ),
        ),
        (
            "correctTracking",
            format!(
                "(shipmentId: \"{}\", carrier: \"UPS\", trackingNumber: \"9\")",
                of.shipment
            ),
        ),
        ("answerCancellation", format!("({po}, accepted: true)")),
    ]
}

/// Mutations that name nothing of anybody else's: they act on the caller's own.
const OWN: &[&str] = &[
    "signOut",
    "inviteStaff",
    "updateShopSettings",
    "createSupplier",
    "matchVariants",
    "acceptCertainMatches",
    "replanOrders",
];

const TYPES: &str = "{ __schema { queryType { fields { name } } mutationType { fields { name } }
    types { name kind fields { name args { name } type { ...T } } } } }
    fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }";

/// The schema as it stands, to ask for all there is.
struct Schema(Value);

impl Schema {
    async fn of(world: &World) -> Self {
        Self(world.data(&As::Nobody, TYPES, json!({})).await["__schema"].clone())
    }

    fn fields(&self, root: &str) -> BTreeSet<String> {
        let fields = self.0[root]["fields"].as_array().expect("fields");
        fields.iter().map(|field| text(&field["name"])).collect()
    }

    fn type_of(&self, root: &str, field: &str) -> String {
        let name = if root == "query" { "Query" } else { "Mutation" };
        let found = self.type_named(name)["fields"].as_array().expect("fields").iter();
        let field = found.into_iter().find(|found| found["name"] == field).expect(field);
        innermost(&field["type"])
    }

    fn type_named(&self, name: &str) -> &Value {
        let types = self.0["types"].as_array().expect("types");
        types.iter().find(|found| found["name"] == name).expect(name)
    }

    /// Everything below a type, so deep.
    fn selection(&self, name: &str, depth: usize) -> String {
        let Some(fields) = self.type_named(name)["fields"].as_array() else {
            return String::new();
        };
        let mut parts = Vec::new();
        for field in fields {
            let is_leaf = self.type_named(&innermost(&field["type"]))["fields"].is_null();
            let below = match depth {
                0 => String::new(),
                _ => self.selection(&innermost(&field["type"]), depth - 1),
            };
            let pages = field["args"]
                .as_array()
                .is_some_and(|args| args.iter().any(|arg| arg["name"] == "first"));
            let first = if pages { "(first: 2)" } else { "" };
            if is_leaf {
                parts.push(text(&field["name"]));
            } else if !below.is_empty() {
                parts.push(format!("{}{first} {below}", text(&field["name"])));
            }
        }
        if parts.is_empty() {
            String::new()
        } else {
            format!("{{ {} }}", parts.join(" "))
        }
    }

    fn call(&self, root: &str, field: &str, arguments: &str, depth: usize) -> String {
        let selection = self.selection(&self.type_of(root, field), depth);
        format!("{root} {{ {field}{arguments} {selection} }}")
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn innermost(of: &Value) -> String {
    if of["ofType"].is_null() {
        text(&of["name"])
    } else {
        innermost(&of["ofType"])
    }
}

/// Words that only the first tenant's rows hold.
fn marks(of: &Tenant) -> Vec<String> {
    vec![
        of.order.to_string(),
        of.order_line.to_string(),
        of.purchase_order.to_string(),
        of.po_line.to_string(),
        of.shipment.to_string(),
        of.exception.to_string(),
        of.dead_job.to_string(),
        of.lost_delivery.to_string(),
        "lost-1".to_owned(),
        of.supplier.to_string(),
        of.offer.to_string(),
        of.proposal.to_string(),
        "Shop 1".to_owned(),
        "North 1".to_owned(),
        "shop1.myshopify.com".to_owned(),
        "SHOP1-1001-1".to_owned(),
        of.rule.clone(),
        of.what_if.to_string(),
    ]
}

/// All that the first tenant can see of itself.
async fn snapshot(world: &World, schema: &Schema, of: &Tenant) -> String {
    let mut all = String::new();
    // What would be decided now is decided anew each time.
    for (field, arguments) in queries(of).into_iter().filter(|(field, _)| *field != "routePreview") {
        let answer = world
            .ask(
                &As::Session(&of.owner),
                &schema.call("query", field, &arguments, 3),
                json!({}),
            )
            .await;
        all.push_str(&answer.to_string());
    }
    all
}

#[tokio::test]
async fn the_walk_knows_every_query_and_mutation() {
    for world in World::each(false).await {
        let (schema, of) = (Schema::of(&world).await, world.tenant(1).await);
        let walked = |list: Vec<(&'static str, String)>| list.into_iter().map(|(name, _)| name.to_owned());
        let known: BTreeSet<String> = walked(queries(&of)).collect();
        assert_eq!(schema.fields("queryType"), known);
        let own = OWN.iter().map(|name| (*name).to_owned());
        let known: BTreeSet<String> = walked(mutations(&of)).chain(own).collect();
        assert_eq!(schema.fields("mutationType"), known);
    }
}

#[tokio::test]
async fn nobody_sees_or_changes_what_is_another_tenants() {
    for world in World::each(false).await {
        let (one, two) = (world.tenant(1).await, world.tenant(2).await);
        let schema = Schema::of(&world).await;
        let before = snapshot(&world, &schema, &one).await;
        for mark in marks(&one) {
            assert!(
                before.contains(&mark),
                "{mark} is to be seen by its own tenant, or the walk proves nothing"
            );
        }
        let strangers = [
            As::Session(&two.owner),
            As::Token(&two.token),
            As::Session(&two.supplier_user),
            As::Nobody,
        ];
        for stranger in &strangers {
            let calls = queries(&one).into_iter().map(|call| ("query", call));
            let calls = calls.chain(mutations(&one).into_iter().map(|call| ("mutation", call)));
            for (root, (field, arguments)) in calls {
                let query = schema.call(root, field, &arguments, 3);
                let answer = world.ask(stranger, &query, json!({})).await;
                // What was sent comes back in no answer of ours, so any mark is a leak.
                let shown = answer.to_string();
                for mark in marks(&one) {
                    assert!(!shown.contains(&mark), "{field} shows {mark}: {shown}");
                }
            }
        }
        assert_eq!(
            snapshot(&world, &schema, &one).await,
            before,
            "something of it was changed"
        );
    }
}

/// A supplier sees its orders, and nothing of the shop around them.
#[tokio::test]
async fn a_supplier_sees_its_purchase_orders_and_not_the_shop() {
    for world in World::each(false).await {
        let one = world.tenant(1).await;
        let who = As::Session(&one.supplier_user);
        let query = "query($id: ID!) { purchaseOrder(id: $id) { number shopName order { id } supplier { key connection { id } } } }";
        let data = world.data(&who, query, json!({ "id": one.purchase_order })).await;
        assert_eq!(
            data["purchaseOrder"],
            json!({ "number": "SHOP1-1001-1", "shopName": "Shop 1", "order": null,
                "supplier": { "key": "north-1", "connection": null } })
        );
        for query in [
            "{ shop { id } }",
            "{ orders { nodes { id } } }",
            "{ variants { nodes { id } } }",
            "{ exceptions { nodes { id } } }",
        ] {
            let answer = world.ask(&who, query, json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{query}");
        }
    }
}

/// A draft is the shop's own business until it is sent.
#[tokio::test]
async fn a_supplier_does_not_see_drafts() {
    for world in World::each(false).await {
        let one = world.tenant(1).await;
        let tx = world.tx().await;
        let row = orderyard::store::purchase_orders::by_id(tx.conn(), one.shop, one.purchase_order).await;
        let mut row = row.expect("reads").expect("is there");
        row.status = orderyard::domain::purchase_order::PurchaseOrderStatus::Draft;
        row.sent_at = None;
        orderyard::store::save(&tx, row).expect("saves");
        tx.commit().await.expect("commits");
        let query = "query($id: ID!) { purchaseOrder(id: $id) { number } purchaseOrders { nodes { number } } }";
        let data = world
            .data(
                &As::Session(&one.supplier_user),
                query,
                json!({ "id": one.purchase_order }),
            )
            .await;
        assert_eq!(
            data,
            json!({ "purchaseOrder": null, "purchaseOrders": { "nodes": [] } })
        );
        let data = world
            .data(&As::Session(&one.owner), query, json!({ "id": one.purchase_order }))
            .await;
        assert_eq!(data["purchaseOrder"]["number"], "SHOP1-1001-1");
    }
}

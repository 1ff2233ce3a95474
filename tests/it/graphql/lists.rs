//! Lists: one statement per level however many rows, and pages that hold still.

use orderyard::{
    ids::{ConnectionId, OrderId, ShopifyVariantId, SupplierId},
    store,
};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};

use super::{
    seed::{Tenant, add_order, add_purchase_order},
    world::{As, World},
};

/// Everything that a list of orders can show, below one another.
const WIDE: &str = "query($first: Int!) { orders(first: $first) { nodes {
    id name adminUrl total { decimal }
    lines { id units { state quantity } variant { id mapping { alternatives { components { offer { id supplier { id } } } } } } }
    plan { id lines { reason } }
    purchaseOrders { id shopName supplier { name connection { priority } offerCount openPurchaseOrders } lines { id } }
    shipments { id lines { sku } }
    fulfillments { id lines { orderLine { id } } }
    exceptions { id orderLine { id } }
    delayedWork { id reason }
    events(first: 1) { nodes { message } }
} } }";

async fn more_orders(world: &World, tenant: &Tenant, many: i64) -> Vec<OrderId> {
    let tx = world.tx().await;
    let mut ids = Vec::new();
    for which in 0..many {
        let shopify_id = tenant.shop.0 * 1_000_000 + 100 + which;
        let (order, line) = add_order(world, &tx, tenant.shop, tenant.variant, shopify_id).await;
        let number = format!("MORE-{}-{which}", tenant.shop);
        add_purchase_order(
            world,
            &tx,
            tenant.shop,
            tenant.supplier,
            tenant.offer,
            order,
            line,
            number,
        )
        .await;
        ids.push(order);
    }
    tx.commit().await.expect("commits");
    ids
}

/// Fewer than eleven more rows would add, and more than a busy machine does.
const PER_ROW: u64 = 6;

/// The fewest of several tries. A machine that is busy elsewhere divides what would have been
/// asked together; a statement per row would be in every try.
async fn statements_for(world: &World, who: &As<'_>, query: &str, variables: Value) -> (u64, Value) {
    let mut fewest = (u64::MAX, Value::Null);
    for _ in 0..8 {
        let before = world.app.db.statements();
        let data = world.data(who, query, variables.clone()).await;
        let statements = world.app.db.statements() - before;
        if statements < fewest.0 {
            fewest = (statements, data);
        }
    }
    fewest
}

#[tokio::test]
async fn more_rows_take_no_more_statements() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        more_orders(&world, &tenant, 12).await;
        let who = As::Token(&tenant.token);
        let (one, _) = statements_for(&world, &who, WIDE, json!({ "first": 1 })).await;
        let (many, data) = statements_for(&world, &who, WIDE, json!({ "first": 12 })).await;
        assert_eq!(data["orders"]["nodes"].as_array().map(Vec::len), Some(12));
        assert!(
            many < one + PER_ROW,
            "a list must not run a statement per row: {one} and {many}"
        );

        let purchase_orders = "query($first: Int!) { purchaseOrders(first: $first) { nodes {
            shopName supplier { name } lines { sku } shipments { reference lines { sku purchaseOrderLine { unitCost { decimal } } } }
        } } }";
        for who in [As::Token(&tenant.token), As::Session(&tenant.supplier_user)] {
            let (one, _) = statements_for(&world, &who, purchase_orders, json!({ "first": 1 })).await;
            let (many, _) = statements_for(&world, &who, purchase_orders, json!({ "first": 12 })).await;
            assert!(many < one + PER_ROW, "{one} and {many}");
        }
    }
}

#[tokio::test]
async fn an_order_shows_what_belongs_to_it() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let data = world
            .data(&As::Session(&tenant.owner), WIDE, json!({ "first": 1 }))
            .await;
        let order = &data["orders"]["nodes"][0];
        assert_eq!(order["total"]["decimal"], "19.99");
        assert_eq!(
            order["adminUrl"],
            format!("https://shop1.myshopify.com/admin/orders/{}", 1_000_001)
        );
        let units = order["lines"][0]["units"].as_array().expect("places");
        let sum: i64 = units.iter().filter_map(|place| place["quantity"].as_i64()).sum();
        assert_eq!(sum, 2, "{units:?}");
        assert_eq!(order["purchaseOrders"][0]["supplier"]["connection"]["priority"], 1);
        assert_eq!(order["purchaseOrders"][0]["supplier"]["openPurchaseOrders"], 1);
        assert_eq!(order["shipments"][0]["lines"][0]["sku"], "NT-MUG");
        assert_eq!(
            order["fulfillments"][0]["lines"][0]["orderLine"]["id"],
            tenant.order_line.to_string()
        );
        assert_eq!(order["exceptions"][0]["id"], tenant.exception.to_string());
        assert_eq!(order["events"]["nodes"], json!([{ "message": "routed" }]));
        let components = &order["lines"][0]["variant"]["mapping"]["alternatives"][0]["components"];
        assert_eq!(components[0]["offer"]["id"], tenant.offer.to_string());
    }
}

#[tokio::test]
async fn pages_hold_still_while_orders_arrive() {
    const PAGE: &str = "query($after: String) { orders(first: 4, after: $after) {
        nodes { id } pageInfo { hasNextPage endCursor } } }";
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let mut expect = more_orders(&world, &tenant, 9).await;
        expect.push(tenant.order);
        let mut seen = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = world
                .data(&As::Token(&tenant.token), PAGE, json!({ "after": after }))
                .await;
            let page = &data["orders"];
            seen.extend(
                page["nodes"]
                    .as_array()
                    .expect("nodes")
                    .iter()
                    .map(|node| node["id"].clone()),
            );
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
            // One arrives between any two pages.
            let tx = world.tx().await;
            let late = 1_000_500 + i64::try_from(seen.len()).expect("few");
            add_order(&world, &tx, tenant.shop, tenant.variant, late).await;
            tx.commit().await.expect("commits");
        }
        let mut seen: Vec<String> = seen.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
        let mut expect: Vec<String> = expect.iter().map(ToString::to_string).collect();
        seen.sort();
        expect.sort();
        assert_eq!(seen, expect);
    }
}

#[tokio::test]
async fn unmapped_variants_come_first_over_the_pages() {
    const PAGE: &str =
        "query($after: String, $filter: VariantFilter) { variants(first: 2, after: $after, filter: $filter) {
        nodes { id mapping { id } } pageInfo { hasNextPage endCursor } } }";
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let tx = world.tx().await;
        for number in [1500, 500, 1200] {
            let row = orderyard::store::variants::Model {
                shop_id: tenant.shop,
                id: ShopifyVariantId(number),
                product_id: orderyard::ids::ShopifyProductId(1),
                sku: Some(format!("SHIRT-{number}")),
                barcode: None,
                title: "M".to_owned(),
                product_title: "Shirt".to_owned(),
                requires_shipping: true,
                deleted_at: None,
            };
            orderyard::store::insert(&tx, row).expect("a variant");
        }
        tx.commit().await.expect("commits");
        let who = As::Token(&tenant.token);
        let walk = async |filter: Value| {
            let (mut seen, mut after) = (Vec::new(), Value::Null);
            loop {
                let data = world
                    .data(&who, PAGE, json!({ "after": after, "filter": filter }))
                    .await;
                let page = &data["variants"];
                let nodes = page["nodes"].as_array().expect("nodes");
                seen.extend(nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()));
                if page["pageInfo"]["hasNextPage"] == false {
                    return seen;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
        };
        assert_eq!(walk(Value::Null).await, ["500", "1200", "1500", "1000"]);
        assert_eq!(walk(json!({ "unmapped": true })).await, ["500", "1200", "1500"]);
        assert_eq!(walk(json!({ "unmapped": false })).await, ["1000"]);
        assert_eq!(walk(json!({ "search": "shirt-1" })).await, ["1200", "1500"]);
        assert_eq!(walk(json!({ "search": "%" })).await, Vec::<String>::new());
    }
}

/// Connected suppliers come by priority and of equals by age, then its own and the marketplace's by key; none
/// twice and none left out.
#[tokio::test]
async fn suppliers_come_in_the_order_in_which_they_are_preferred() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let now = world.app.clock.now();
        let tx = world.tx().await;
        // North 1 of the seed stands at priority 1.
        let wanted = [
            ("z", Some(1), true),
            ("c", Some(3), true),
            ("b", Some(3), false),
            ("d", Some(2), false),
            ("y", None, true),
            ("a", None, true),
            ("x", None, false),
            ("aa", None, false),
        ];
        for (key, priority, is_own) in wanted {
            let of = store::suppliers::by_id(tx.conn(), tenant.supplier)
                .await
                .expect("a query")
                .expect("North");
            let with = store::connections::of_supplier(tx.conn(), tenant.shop, of.id).await;
            let with = with.expect("a query").expect("a connection");
            let id = SupplierId::generate();
            let row = store::suppliers::Model {
                id,
                key: key.to_owned(),
                shop_id: of.shop_id.filter(|_| is_own),
                created_at: now,
                ..of
            };
            store::insert(&tx, row).expect("a supplier");
            if let Some(priority) = priority {
                let row = store::connections::Model {
                    id: ConnectionId::generate(),
                    supplier_id: id,
                    priority,
                    ..with
                };
                store::insert(&tx, row).expect("a connection");
            }
        }
        tx.commit().await.expect("commits");
        let query = "query($first: Int!, $after: String) { suppliers(first: $first, after: $after) {
            nodes { key } pageInfo { hasNextPage endCursor } } }";
        for first in [1, 2, 3, 100] {
            let (mut keys, mut after) = (Vec::new(), Value::Null);
            loop {
                let asked = json!({ "first": first, "after": after });
                let page = world.data(&As::Token(&tenant.token), query, asked).await["suppliers"].clone();
                let nodes = page["nodes"].as_array().expect("a list").clone();
                keys.extend(nodes.iter().map(|node| node["key"].as_str().expect("a key").to_owned()));
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(
                keys,
                ["north-1", "z", "d", "c", "b", "a", "y", "aa", "x"],
                "{first} at a time"
            );
        }
    }
}

/// While nodes are replaced, those of the next release may write what this one does not know.
#[tokio::test]
async fn an_exception_of_a_later_release_is_shown_among_the_others() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let later = "update exceptions set kind = 'parcel_stolen', message = 'The parcel was stolen'";
        let db = world.app.db.read();
        db.execute_unprepared(later).await.expect("is written");
        let list = "{ exceptions(first: 10) { nodes { id kind message } }
            orders(first: 10) { nodes { exceptions { id kind message } } } }";
        let data = world.data(&As::Session(&tenant.owner), list, json!({})).await;
        let shown = json!([{
            "id": tenant.exception.to_string(),
            "kind": "OTHER",
            "message": "The parcel was stolen",
        }]);
        assert_eq!(data["exceptions"]["nodes"], shown);
        assert_eq!(data["orders"]["nodes"][0]["exceptions"], shown);
        let kept = "select count(*) from exceptions where kind = 'parcel_stolen'";
        let kept = Statement::from_string(db.get_database_backend(), kept);
        let row = db.query_one_raw(kept).await.expect("reads").expect("a row");
        assert_eq!(
            row.try_get_by_index::<i64>(0).expect("a number"),
            1,
            "nobody changed it"
        );
    }
}

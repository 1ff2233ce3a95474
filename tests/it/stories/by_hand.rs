//! What people decide about an order by hand, and what becomes of it before it leaves.

use rstest::rstest;
use serde_json::{Value, json};

use super::shop::{Plot, Story};
use crate::harness::Database;

async fn waits_for(story: &Story, what: &str, sql: &str, count: i64) {
    story
        .world
        .eventually(what, async || story.world.count(sql).await == count)
        .await;
}

async fn settings(story: &Story, change: &str) {
    let change = format!("mutation {{ updateShopSettings(input: {{ {change} }}) {{ problems {{ message }} }} }}");
    story.world.graphql(&change, json!({})).await;
}

/// The only order, as its page shows it.
pub(super) async fn the_order(story: &Story) -> Value {
    let query = "{ orders { nodes { id status lines { id sku } purchaseOrders { id number status supplier { key }
        total { amountMinor } lines { id sku quantity cancelled } } events { nodes { kind message actor } } } } }";
    let answer = story.world.graphql(query, json!({})).await;
    let nodes = answer["orders"]["nodes"].as_array().expect("a list").clone();
    assert_eq!(nodes.len(), 1, "{answer}");
    nodes.into_iter().next().expect("one")
}

fn drafts(order: &Value) -> Vec<Value> {
    let all = order["purchaseOrders"].as_array().expect("a list").iter();
    all.filter(|po| po["status"] == "DRAFT").cloned().collect()
}

pub(super) fn history(order: &Value) -> String {
    let lines = order["events"]["nodes"].as_array().expect("events").iter();
    let line = |line: &Value| format!("{}: {}", line["actor"], line["message"]);
    lines.map(line).collect::<Vec<_>>().join("\n")
}

pub(super) async fn problems(story: &Story, call: &str) -> Value {
    let query = format!("mutation {{ done: {call} {{ problems {{ code message }} }} }}");
    story.world.graphql(&query, json!({})).await["done"]["problems"].clone()
}

async fn offer(story: &Story, sku: &str) -> String {
    let query = format!("{{ offers(filter: {{ search: \"{sku}\" }}) {{ nodes {{ id }} }} }}");
    let answer = story.world.graphql(&query, json!({})).await;
    answer["offers"]["nodes"][0]["id"].as_str().expect("an id").to_owned()
}

const DRAFTS: &str = "select count(*) from purchase_orders where status = 'draft'";

async fn with_time_to_undo(database: Database) -> Story {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story, "undoMinutes: 60").await;
    story
}

/// The time to undo is over.
async fn leave(story: &Story) {
    story
        .world
        .execute("update purchase_orders set send_after = created_at")
        .await;
    let now = "update jobs set run_at_ms = 0, waits_for = 'turn' where name = 'place_purchase_order'";
    story.world.execute(now).await;
}

#[rstest]
#[tokio::test]
async fn a_person_chooses_who_ships_and_says_why(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = with_time_to_undo(database).await;
    story.order(&[("MUG", 3)]);
    waits_for(&story, "it is decided", DRAFTS, 1).await;
    let order = the_order(&story).await;
    assert_eq!(drafts(&order)[0]["supplier"]["key"], "north");
    let (north, east) = (offer(&story, "N-MUG").await, offer(&story, "E-MUG").await);
    let call = |parts: &str, reason: &str| {
        let (order, line) = (&order["id"], &order["lines"][0]["id"]);
        format!("overrideRouting(orderId: {order}, lineId: {line}, parts: [{parts}], reason: \"{reason}\")")
    };
    let without_reason = problems(&story, &call(&format!("{{ offerId: \"{east}\" }}"), " ")).await;
    assert_eq!(without_reason[0]["code"], "INVALID");
    let too_many = format!("{{ offerId: \"{east}\", quantity: 4 }}");
    assert_eq!(
        problems(&story, &call(&too_many, "because")).await[0]["code"],
        "INVALID"
    );
    let parts = format!("{{ offerId: \"{east}\", quantity: 2 }}, {{ offerId: \"{north}\", quantity: 1 }}");
    assert_eq!(
        problems(&story, &call(&parts, "North is slow this week")).await,
        json!([])
    );
    let after = the_order(&story).await;
    assert!(history(&after).contains("North is slow this week"), "{after}");
    let page = story.page().await;
    assert!(page.contains("chosen by hand"), "{page}");
    let open =
        "select cast(sum(quantity) as bigint) from po_lines l join purchase_orders p on p.id = l.purchase_order_id
        where p.status = 'draft' and l.sku = ";
    assert_eq!(story.world.count(&format!("{open} 'E-MUG'")).await, 2);
    assert_eq!(story.world.count(&format!("{open} 'N-MUG'")).await, 1);
    let reserved = "select cast(sum(reserved) as bigint) from offers";
    assert_eq!(story.world.count(reserved).await, 3);

    leave(&story).await;
    story.purchase_order("east").await;
    story.purchase_order("north").await;
    // What was sent stays where it is.
    let late = format!("{{ offerId: \"{north}\" }}");
    assert_eq!(problems(&story, &call(&late, "too late")).await[0]["code"], "CONFLICT");
    story.quiet().await;
    assert_eq!(story.world.supplier("north").orders().len(), 1);
}

const UNITS: &str = "select cast(coalesce(sum(quantity), 0) as bigint) from po_lines l
    join purchase_orders p on p.id = l.purchase_order_id where p.status = 'draft' and l.sku = ";

async fn units(story: &Story, sku: &str) -> i64 {
    story.world.count(&format!("{UNITS} '{sku}'")).await
}

/// Three mugs that North would ship, and what comes of dividing them by hand among East and North.
async fn divided(story: &Story, [east, north]: [Option<u32>; 2]) -> Value {
    story.order(&[("MUG", 3)]);
    waits_for(story, "it is decided", DRAFTS, 1).await;
    let order = the_order(story).await;
    let part = async |sku: &str, units: Option<u32>| {
        let quantity = units.map_or_else(String::new, |units| format!(", quantity: {units}"));
        format!("{{ offerId: \"{}\"{quantity} }}", offer(story, sku).await)
    };
    let parts = format!("{}, {}", part("E-MUG", east).await, part("N-MUG", north).await);
    let (order, line) = (&order["id"], &order["lines"][0]["id"]);
    let call = format!("overrideRouting(orderId: {order}, lineId: {line}, parts: [{parts}], reason: \"because\")");
    problems(story, &call).await
}

/// Wherever it stands in the list.
#[rstest]
#[case([None, Some(1)])]
#[case([Some(2), None])]
#[tokio::test]
async fn a_part_without_a_number_takes_what_the_others_leave(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] parts: [Option<u32>; 2],
) {
    let story = with_time_to_undo(database).await;
    assert_eq!(divided(&story, parts).await, json!([]));
    assert_eq!((units(&story, "N-MUG").await, units(&story, "E-MUG").await), (1, 2));
}

#[rstest]
#[case([None, None])]
#[case([None, Some(3)])]
#[tokio::test]
async fn a_part_without_a_number_must_be_left_something(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] parts: [Option<u32>; 2],
) {
    let story = with_time_to_undo(database).await;
    let told = divided(&story, parts).await;
    let message = told[0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("only one part may go without a number"), "{told}");
    assert_eq!((units(&story, "N-MUG").await, units(&story, "E-MUG").await), (3, 0));
}

/// The rule holds for what the program decides: a unit that a person sends elsewhere leaves the rest as it is.
#[rstest]
#[tokio::test]
async fn a_choice_by_hand_splits_what_a_rule_never_splits(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        mug_at_east: true,
        rules: "[{ name: Whole, never_split: true }]",
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story, "undoMinutes: 60").await;
    story.order(&[("MUG", 3)]);
    waits_for(&story, "it is decided", DRAFTS, 1).await;
    let order = the_order(&story).await;
    let parts = format!("{{ offerId: \"{}\", quantity: 1 }}", offer(&story, "E-MUG").await);
    let (order, line) = (&order["id"], &order["lines"][0]["id"]);
    let call = format!("overrideRouting(orderId: {order}, lineId: {line}, parts: [{parts}], reason: \"a gift\")");
    assert_eq!(problems(&story, &call).await, json!([]));
    assert_eq!((units(&story, "N-MUG").await, units(&story, "E-MUG").await), (2, 1));
    let open = "select count(*) from exceptions where status = 'open'";
    assert_eq!(story.world.count(open).await, 0);
}

const OPEN: &str = "select count(*) from exceptions where status = 'open'";
const CHOSEN: &str = "select count(*) from events where kind = 'overridden'";

/// Has the first line of the only order shipped by this offer.
async fn choose(story: &Story, sku: &str) -> Value {
    let order = the_order(story).await;
    let (order, line) = (&order["id"], &order["lines"][0]["id"]);
    let parts = format!("[{{ offerId: \"{}\" }}]", offer(story, sku).await);
    let call = format!("overrideRouting(orderId: {order}, lineId: {line}, parts: {parts}, reason: \"because\")");
    problems(story, &call).await
}

fn is_refused_for(told: &Value, why: &str) {
    let message = told[0]["message"].as_str().unwrap_or_default();
    assert!(told[0]["code"] == "CONFLICT" && message.contains(why), "{told}");
}

/// The history does not say that it was chosen, and the draft stands.
#[rstest]
#[case::rule("[{ name: Not there, never: [north] }]", 100, "the rule “Not there” forbids it")]
#[case::stock("[]", 1, "N-MUG")]
#[tokio::test]
async fn what_may_not_be_chosen_changes_nothing(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] rules: &'static str,
    #[case] in_stock: u32,
    #[case] why: &str,
) {
    let plot = Plot {
        mug_at_east: true,
        rules,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story, "undoMinutes: 60").await;
    let none = "update offers set stock = 0 where sku = 'N-MUG'";
    story.world.execute(none).await;
    story.order(&[("MUG", 2)]);
    waits_for(&story, "it is decided", DRAFTS, 1).await;
    // One of two is not what was chosen.
    let some = format!("update offers set stock = {in_stock} where sku = 'N-MUG'");
    story.world.execute(&some).await;
    is_refused_for(&choose(&story, "N-MUG").await, why);
    assert_eq!((units(&story, "N-MUG").await, units(&story, "E-MUG").await), (0, 2));
    let orders = "select count(*) from purchase_orders";
    assert_eq!(story.world.count(orders).await, 1);
    assert_eq!((story.world.count(OPEN).await, story.world.count(CHOSEN).await), (0, 0));
    let reserved = "select cast(sum(reserved) as bigint) from offers";
    assert_eq!(story.world.count(reserved).await, 2);
}

#[rstest]
#[tokio::test]
async fn an_exception_stays_open_where_the_choice_may_not_be(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        rules: "[{ name: Not there, never: [north] }]",
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 1)]);
    waits_for(&story, "nobody may ship it", OPEN, 1).await;
    story.quiet().await;
    let asked = "{ exceptions(filter: { status: OPEN }) { nodes { id } } }";
    let asked = story.world.graphql(asked, json!({})).await;
    let id = &asked["exceptions"]["nodes"][0]["id"];
    let north = offer(&story, "N-MUG").await;
    let told = problems(
        &story,
        &format!("chooseSupplier(exceptionId: {id}, offerId: \"{north}\")"),
    )
    .await;
    is_refused_for(&told, "the rule “Not there” forbids it");
    let all = "select count(*) from exceptions";
    assert_eq!((story.world.count(OPEN).await, story.world.count(all).await), (1, 1));
    assert_eq!(story.world.count(CHOSEN).await, 0);
    assert_eq!(story.bought(), (0, 0));
}

/// The order has the only parcel that a rule allows it; what a person chooses is one more.
#[rstest]
#[tokio::test]
async fn a_choice_by_hand_is_not_stopped_by_a_limit_that_is_used_up(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        rules: "[{ name: One parcel, max_parcels: 1 }]",
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("SHIRT", 1), ("KIT", 1)]);
    story.purchase_order("north").await;
    waits_for(&story, "the kit has no room", OPEN, 1).await;
    story.quiet().await;
    let choose = format!(
        "chooseSupplier(exceptionId: \"{{id}}\", offerId: \"{}\")",
        offer(&story, "E-BOX").await
    );
    story.world.decide("NO_ELIGIBLE_SUPPLIER", &choose).await;
    story.purchase_order("east").await;
    story.quiet().await;
    assert_eq!(story.bought(), (1, 1));
    assert_eq!(story.world.count(OPEN).await, 0);
}

/// Both are decided before the program gets to the first: a job of the order's goes on all the while.
#[rstest]
#[tokio::test]
async fn who_is_chosen_for_each_of_two_lines_ships_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = with_time_to_undo(database).await;
    story.world.raise_price("N-MUG", 450).await;
    story
        .world
        .execute("update offers set stock = 0 where sku = 'E-MUG'")
        .await;
    story.order(&[("MUG", 1), ("MUG", 2)]);
    let rose = "select count(*) from exceptions where status = 'open' and kind = 'price_rose'";
    waits_for(&story, "North is too dear, and East has none", rose, 2).await;
    story.quiet().await;
    // Now the rules would take North for both.
    story.world.raise_price("N-MUG", 400).await;
    story
        .world
        .execute("update offers set stock = 9 where sku = 'E-MUG'")
        .await;
    story
        .world
        .execute(
            "insert into jobs (id, name, payload, serial_key, state, waits_for, priority, lane, run_at_ms,
            triggered_at_ms, attempts, lease_id, leased_until_ms, created_at_ms)
            select id, 'route_order', '{}', 'order:' || shop_id || ':' || shopify_id, 'running', 'turn', 0, 0, 0,
            0, 1, id, 4000000000000, 0 from orders",
        )
        .await;
    let east = offer(&story, "E-MUG").await;
    let asked = "{ exceptions(filter: { status: OPEN }) { nodes { id } } }";
    let asked = story.world.graphql(asked, json!({})).await;
    let asked = asked["exceptions"]["nodes"].as_array().expect("a list").clone();
    for exception in &asked {
        let choose = format!("chooseSupplier(exceptionId: {}, offerId: \"{east}\")", exception["id"]);
        assert_eq!(problems(&story, &choose).await, json!([]));
    }
    assert_eq!(story.world.count(rose).await, 0);
    assert_eq!(units(&story, "E-MUG").await, 3);
    assert_eq!(units(&story, "N-MUG").await, 0);
}

#[rstest]
#[tokio::test]
async fn purchase_orders_are_split_and_merged_by_hand(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = with_time_to_undo(database).await;
    story.order(&[("MUG", 1), ("SHIRT", 2)]);
    waits_for(&story, "it is decided", DRAFTS, 1).await;
    let order = the_order(&story).await;
    let po = &drafts(&order)[0];
    assert_eq!(po["total"]["amountMinor"], 2200);
    let shirt = po["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .find(|line| line["sku"] == "N-SHIRT")
        .expect("it");
    let both = format!("splitPurchaseOrder(id: {}, lineIds: [], reason: \"apart\")", po["id"]);
    assert_eq!(problems(&story, &both).await[0]["code"], "INVALID");
    let split = format!(
        "splitPurchaseOrder(id: {}, lineIds: [{}], reason: \"apart\")",
        po["id"], shirt["id"]
    );
    assert_eq!(problems(&story, &split).await, json!([]));
    let parted = the_order(&story).await;
    let mut totals: Vec<_> = drafts(&parted)
        .iter()
        .map(|po| po["total"]["amountMinor"].as_i64())
        .collect();
    totals.sort();
    assert_eq!(totals, [Some(400), Some(1800)]);
    assert!(history(&parted).contains("leaves apart from"), "{parted}");

    let [one, two] = [&drafts(&parted)[0], &drafts(&parted)[1]];
    let merge = format!(
        "mergePurchaseOrders(id: {}, fromId: {}, reason: \"one parcel\")",
        one["id"], two["id"]
    );
    assert_eq!(problems(&story, &merge).await, json!([]));
    let merged = the_order(&story).await;
    assert!(history(&merged).contains("leaves together with"), "{merged}");
    let [left] = &drafts(&merged)[..] else {
        panic!("one is left: {merged}")
    };
    assert_eq!(
        (left["lines"].as_array().map(Vec::len), &left["total"]["amountMinor"]),
        (Some(2), &json!(2200))
    );
    leave(&story).await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.open_units().len(), 2);
    story.quiet().await;
    assert_eq!(story.world.supplier("north").orders().len(), 1);
    let reserved = "select cast(sum(reserved) as bigint) from offers";
    assert_eq!(story.world.count(reserved).await, 3);
}

#[rstest]
#[tokio::test]
async fn what_has_not_left_follows_the_stock(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    settings(&story, "undoMinutes: 60").await;
    let north = story.world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 1)]).await.expect("is taken");
    story.order(&[("MUG", 3)]);
    // One piece from North, two from East.
    waits_for(&story, "it is decided", DRAFTS, 2).await;
    // North has more again: East is not needed.
    north.put_inventory(&[("N-MUG".to_owned(), 9)]).await.expect("is taken");
    let from_north = "select count(*) from po_lines l join purchase_orders p on p.id = l.purchase_order_id
        where p.status = 'draft' and l.sku = 'N-MUG' and l.quantity = 3";
    waits_for(&story, "it is decided anew", from_north, 1).await;
    let order = the_order(&story).await;
    assert_eq!(drafts(&order).len(), 1);
    assert!(history(&order).contains("a better plan appeared"), "{order}");
    let reserved = "select cast(sum(reserved) as bigint) from offers";
    assert_eq!(story.world.count(reserved).await, 3);
    // Nothing changed since, so nothing is changed.
    let before = story.world.count("select count(*) from purchase_orders").await;
    story
        .world
        .graphql("mutation { replanOrders { problems { message } } }", json!({}))
        .await;
    let waiting = "select count(*) from jobs where name = 'replan_orders'";
    waits_for(&story, "it was looked at", waiting, 0).await;
    assert_eq!(story.world.count("select count(*) from purchase_orders").await, before);
    leave(&story).await;
    story.purchase_order("north").await;
    assert!(story.world.supplier("east").orders().is_empty());
}

/// Three mugs that a person has East ship, at a time when its price has changed since.
async fn chosen_at_east_and_dearer(database: Database, price: &str) -> Story {
    let story = with_time_to_undo(database).await;
    story.order(&[("MUG", 3)]);
    waits_for(&story, "it is decided", DRAFTS, 1).await;
    let order = the_order(&story).await;
    let east = offer(&story, "E-MUG").await;
    let (order, line) = (&order["id"], &order["lines"][0]["id"]);
    let parts = format!("{{ offerId: \"{east}\" }}");
    let call = format!("overrideRouting(orderId: {order}, lineId: {line}, parts: [{parts}], reason: \"nicer ones\")");
    assert_eq!(problems(&story, &call).await, json!([]));
    let plot = Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let dearer = format!("title: Mug, cost: \"{price}\"");
    let dearer = plot.setup().replace("title: Mug, cost: \"5.00\"", &dearer);
    assert_ne!(dearer, plot.setup());
    story.world.apply(&dearer).await;
    leave(&story).await;
    story
}

#[rstest]
#[tokio::test]
async fn a_choice_stays_when_its_price_rises_no_higher_than_the_shop_accepts(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = chosen_at_east_and_dearer(database, "5.05").await;
    let placed = story.purchase_order("east").await;
    assert_eq!(placed.lines[0].quantity, 3);
    story.quiet().await;
    assert!(story.world.supplier("north").orders().is_empty());
    let order = the_order(&story).await;
    let sent = order["purchaseOrders"].as_array().expect("a list").iter();
    let sent: Vec<&Value> = sent.filter(|po| po["supplier"]["key"] == "east").collect();
    assert_eq!(sent[0]["total"]["amountMinor"], 1515, "{order}");
    assert!(history(&order).contains("stays as it was chosen by hand"), "{order}");
}

#[rstest]
#[tokio::test]
async fn a_choice_whose_price_rises_above_what_the_shop_accepts_is_decided_anew(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = chosen_at_east_and_dearer(database, "5.50").await;
    let again = "select count(*) from purchase_orders p join suppliers s on s.id = p.supplier_id where s.key = 'north'
        and p.status = 'draft' and p.send_after is not null";
    waits_for(&story, "it is decided anew", again, 1).await;
    assert!(story.world.supplier("east").orders().is_empty());
    let order = the_order(&story).await;
    let why = "it was chosen by hand, and the price of E-MUG rose above what the shop accepts";
    assert!(history(&order).contains(why), "{order}");
}

//! Orders that wait for a person are looked at again when what routing goes by changes: terms,
//! costs, the strategy, and what begins or ends with a day.

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;
use serde_json::json;

use super::{
    market::{Case, MUG, Market, PLAIN, SHIRT},
    shop::{Plot, Story},
};
use crate::harness::{Database, World};

#[expect(
    clippy::disallowed_methods,
    reason = "a story's days are those of the machine's clock"
)]
pub(super) fn now() -> DateTime<Utc> {
    Utc::now()
}

const WAITING: &str = "select count(*) from exceptions where status = 'open' and kind = 'no_eligible_supplier'";
const DAY_MS: i64 = 24 * 3_600_000;

async fn waits_for(world: &World, what: &str, sql: &str, count: i64) {
    world.eventually(what, async || world.count(sql).await == count).await;
}

async fn supplier(world: &World, key: &str) -> String {
    let found = world.graphql("{ suppliers { nodes { id key } } }", json!({})).await;
    let mut nodes = found["suppliers"]["nodes"].as_array().expect("a list").iter();
    let node = nodes.find(|node| node["key"] == key).expect(key);
    node["id"].as_str().expect("an id").to_owned()
}

/// What the shop's staff change about the agreement with North.
async fn agree(world: &World, change: &str) {
    let north = supplier(world, "north").await;
    let query = format!(
        "mutation {{ done: connectSupplier(supplierId: \"{north}\", input: {{ {change} }}) {{ problems {{ message }} }} }}"
    );
    let answer = world.graphql(&query, json!({})).await;
    assert_eq!(answer["done"]["problems"], json!([]), "{change}");
}

async fn told(world: &World, what: &str) {
    let query = format!("select count(*) from events where kind = 'exception_resolved' and message = '{what}'");
    assert!(world.count(&query).await > 0, "{what}");
}

#[rstest]
#[tokio::test]
async fn a_connection_that_is_taken_up_again_gets_what_waited(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    agree(&story.world, "active: false").await;
    story.order(&[("MUG", 2)]);
    waits_for(&story.world, "nobody may ship it", WAITING, 1).await;
    story.quiet().await;
    // What changes nothing wakes nobody.
    agree(&story.world, "active: false").await;
    story.quiet().await;
    let resolved = "select count(*) from exceptions where status = 'resolved'";
    assert_eq!(story.world.count(resolved).await, 0);
    agree(&story.world, "active: true").await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.lines[0].quantity, 2);
    waits_for(&story.world, "nobody is asked any more", WAITING, 0).await;
    told(&story.world, "The agreement with North was changed").await;
}

#[rstest]
#[tokio::test]
async fn a_larger_tolerance_lets_a_price_pass(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let story = Plot::default().begin(database).await;
    let dearer = Plot::default()
        .setup()
        .replace("title: Mug, cost: \"4.00\"", "title: Mug, cost: \"4.50\"");
    story.world.apply(&dearer).await;
    story.order(&[("MUG", 1)]);
    let rose = "select count(*) from exceptions where status = 'open' and kind = 'price_rose'";
    waits_for(&story.world, "a person is asked", rose, 1).await;
    agree(&story.world, "priceTolerancePct: \"20\"").await;
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.lines[0].unit_cost, "4.50");
    waits_for(&story.world, "nobody is asked any more", rose, 0).await;
}

#[rstest]
#[tokio::test]
async fn another_alternative_takes_what_nobody_could_ship(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    agree(&story.world, "active: false").await;
    story.order(&[("MUG", 2)]);
    waits_for(&story.world, "nobody may ship it", WAITING, 1).await;
    let also_at_east = Plot {
        mug_at_east: true,
        with_north: ", active: false",
        ..Plot::default()
    };
    story.world.apply(&also_at_east.setup()).await;
    let placed = story.purchase_order("east").await;
    assert_eq!(placed.lines[0].sku, "E-MUG");
    waits_for(&story.world, "nobody is asked any more", WAITING, 0).await;
}

/// A market of which no charges are known, so that nothing can be compared.
const UNKNOWN: Case = Case {
    north: ("", "", ""),
    east: ("", "", ""),
    lines: &[(MUG, 1)],
    ..PLAIN
};

#[rstest]
#[tokio::test]
async fn costs_that_become_known_and_another_strategy_route_what_waited(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let world = &market.world;
    world.apply(&UNKNOWN.setup()).await;
    market.place(UNKNOWN);
    waits_for(world, "no charge is known", WAITING, 1).await;
    let save = "mutation($id: ID!, $input: ConnectionCostsInput) {
        done: saveConnectionCosts(supplierId: $id, input: $input) { problems { message } } }";
    let zone = json!({ "name": "All", "countries": [], "provinces": [], "transitDays": 2, "postcodes": [],
        "brackets": [] });
    let costs = |id: String, input: serde_json::Value| json!({ "id": id, "input": input });
    let input = json!({ "currency": "EUR", "perOrder": "0", "perParcel": "1", "ownStock": false, "zones": [zone] });
    let east = supplier(world, "east").await;
    let answer = world.graphql(save, costs(east.clone(), input)).await;
    assert_eq!(answer["done"]["problems"], json!([]));
    world
        .eventually("East's charges are known", async || market.bought() == (0, 1))
        .await;
    waits_for(world, "nobody is asked any more", WAITING, 0).await;
    told(world, "What East charges was changed").await;

    let answer = world.graphql(save, costs(east, serde_json::Value::Null)).await;
    assert_eq!(answer["done"]["problems"], json!([]));
    market.quiet().await;
    market.place(UNKNOWN);
    waits_for(world, "no charge is known again", WAITING, 1).await;
    let route = "mutation($input: RoutingInput!) { done: updateRouting(input: $input) { problems { message } } }";
    let by_priority = json!({ "input": { "strategy": "PRIORITY", "weights": {}, "rates": [], "shares": [] } });
    let answer = world.graphql(route, by_priority).await;
    assert_eq!(answer["done"]["problems"], json!([]));
    world
        .eventually("the priority list needs no costs", async || market.bought() == (1, 1))
        .await;
    told(world, "The shop''s strategy was changed").await;

    // The setup file does the same: under it nothing is known again, and then something.
    world.apply(&UNKNOWN.setup()).await;
    market.quiet().await;
    market.place(UNKNOWN);
    waits_for(world, "no charge is known once more", WAITING, 1).await;
    world.apply(&PLAIN.setup()).await;
    world
        .eventually("North is the cheapest", async || market.bought() == (2, 1))
        .await;
    waits_for(world, "nobody is asked any more", WAITING, 0).await;
}

fn day(ahead: i64) -> String {
    (now() + TimeDelta::days(ahead)).date_naive().to_string()
}

/// The installation goes on some days later. Nothing leaves: suppliers' clocks do not follow.
async fn days_later(story: &mut Story, days: i64) {
    later(story, days * DAY_MS).await;
}

async fn later(story: &mut Story, ms: i64) {
    story.world.orderyard.stop().await;
    let node = story.world.orderyard.node_with_clock("later", ms).await;
    // Its time is the database's, and no day has passed there.
    let now = "update schedules set next_run_ms = 0 where name = 'follow_dates'";
    story.world.execute(now).await;
    let routed = "select count(*) from purchase_orders where status in ('draft', 'placing')";
    waits_for(&story.world, "it is routed by its new day", routed, 1).await;
    drop(node);
}

/// North's mug waits under a rule, or for a mapping, until a day.
async fn waits_until_a_day(database: Database, rules: &'static str, mapping: Option<(&str, String)>) -> Story {
    let plot = Plot {
        rules,
        mug_at_east: mapping.is_some(),
        ..Plot::default()
    };
    let dated = |text: String| {
        let text = text.replace("{tomorrow}", &day(1));
        match &mapping {
            Some((from, to)) => text.replace(from, to),
            None => text,
        }
    };
    let setup = dated(plot.setup());
    let story = Plot::default().begin(database).await;
    let answer = story.world.graphql(
        "mutation { updateShopSettings(input: { undoMinutes: 1440 }) { problems { message } } }",
        json!({}),
    );
    assert_eq!(answer.await["updateShopSettings"]["problems"], json!([]));
    story.world.apply(&setup).await;
    story.order(&[("MUG", 1)]);
    waits_for(&story.world, "nobody may ship it", WAITING, 1).await;
    let now_ms = now().timestamp_millis();
    let due =
        format!("select count(*) from jobs where state = 'running' or (state = 'ready' and run_at_ms <= {now_ms})");
    waits_for(&story.world, "nothing is due", &due, 0).await;
    story
}

#[rstest]
#[tokio::test]
async fn the_end_of_a_rule_routes_what_it_kept_waiting(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let rules = r#"[{ name: Holidays, never: [north], until: "{tomorrow}" }]"#;
    let mut story = waits_until_a_day(database, rules, None).await;
    days_later(&mut story, 3).await;
    told(&story.world, "A rule, a rate or a mapping began or ended with the day").await;
}

/// Rules that keep North's mug waiting now, whatever the shop's time zone, and no more after that many hours.
#[rstest]
#[case::weekday(false, 72)]
#[case::hour(true, 6)]
#[tokio::test]
async fn the_time_by_which_a_rule_goes_routes_what_it_kept_waiting(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[case] by_hour: bool,
    #[case] hours: i64,
) {
    let around = |step: TimeDelta, format: &str, name: &dyn Fn(String) -> String| {
        let times = (-1..=2).map(|steps| (now() + step * steps).format(format).to_string());
        times
            .map(|time| name(time.to_lowercase()))
            .collect::<Vec<_>>()
            .join(" or ")
    };
    let when = if by_hour {
        around(TimeDelta::hours(1), "%-H", &|hour| format!("order.hour == {hour}"))
    } else {
        around(TimeDelta::days(1), "%A", &|day| format!("order.weekday == '{day}'"))
    };
    let rules = format!("[{{ name: For now, when: \"{when}\", never: [north] }}]");
    let mut story = waits_until_a_day(database, Box::leak(rules.into_boxed_str()), None).await;
    // What does not help leaves no trace.
    let events = "select count(*) from events";
    let before = story.world.count(events).await;
    let look = "update shops set dates_followed_until = null, installed_at = '2026-01-01T00:30:00+00:00'";
    story.world.execute(look).await;
    let now = "update schedules set next_run_ms = 0 where name = 'follow_dates'";
    story.world.execute(now).await;
    let looked = "select count(*) from shops where dates_followed_until is not null";
    waits_for(&story.world, "the time is looked at", looked, 1).await;
    let revisits = "select count(*) from jobs where name in ('revisit_orders', 'follow_dates')";
    waits_for(&story.world, "and the order", revisits, 0).await;
    assert_eq!(story.world.count(events).await, before);
    later(&mut story, hours * 3_600_000).await;
    told(&story.world, "Another hour or day began, by which a rule goes").await;
}

/// Whose alternative begins later has another one that cannot ship.
#[rstest]
#[tokio::test]
async fn the_beginning_of_an_alternative_routes_what_the_other_could_not_ship(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let rules = "[{ name: Never, never: [north] }]";
    let alternative = "- components: [ { supplier: east, sku: E-MUG, quantity: 1 } ]";
    let dated = format!(
        "- from: \"{}\"\n            components: [ {{ supplier: east, sku: E-MUG, quantity: 1 }} ]",
        day(1)
    );
    let mut story = waits_until_a_day(database, rules, Some((alternative, dated))).await;
    days_later(&mut story, 2).await;
    let from_east = "select count(*) from po_lines where sku = 'E-MUG'";
    assert_eq!(story.world.count(from_east).await, 1);
}

const DRAFTS: &str = "select count(*) from po_lines l join purchase_orders p on p.id = l.purchase_order_id \
    where p.status = 'draft' and l.cancelled = 0";

/// North's last mug saves half an euro for the first order, whose shirt comes from either, and one for
/// the second.
#[rstest]
#[tokio::test]
async fn the_last_piece_goes_to_the_order_that_it_saves_more(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let market = Market::open(database).await;
    let world = &market.world;
    world.apply(&PLAIN.setup()).await;
    let undo = "mutation { updateShopSettings(input: { undoMinutes: 60 }) { problems { message } } }";
    world.graphql(undo, json!({})).await;
    let north = world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 1)]).await.expect("is taken");
    market.place(Case {
        lines: &[(MUG, 1), (SHIRT, 1)],
        ..PLAIN
    });
    waits_for(
        world,
        "the first has North's mug",
        &format!("{DRAFTS} and sku like 'N-%'"),
        2,
    )
    .await;
    market.place(PLAIN);
    waits_for(
        world,
        "the second has East's",
        &format!("{DRAFTS} and sku = 'E-MUG'"),
        1,
    )
    .await;
    let replan = "mutation { replanOrders { problems { message } } }";
    world.graphql(replan, json!({})).await;
    let parted = format!("{DRAFTS} and sku in ('E-MUG', 'E-SHIRT')");
    waits_for(world, "the first has both from East", &parted, 2).await;
    waits_for(
        world,
        "the second has North's mug",
        &format!("{DRAFTS} and sku = 'N-MUG'"),
        1,
    )
    .await;
    for told in ["other orders need its pieces more", "a better plan appeared"] {
        let told = format!("select count(*) from events where message = 'It was decided anew before it left: {told}'");
        assert_eq!(world.count(&told).await, 1);
    }
    let reserved = "select cast(reserved as bigint) from offers where sku = 'N-MUG'";
    assert_eq!(world.count(reserved).await, 1);
    // Once nothing changes, nothing is changed.
    let all = "select count(*) from purchase_orders";
    let before = world.count(all).await;
    world.graphql(replan, json!({})).await;
    let waiting = "select count(*) from jobs where name = 'replan_orders'";
    waits_for(world, "it was looked at", waiting, 0).await;
    assert_eq!(world.count(all).await, before);
    assert_eq!(market.bought(), (0, 0), "nothing has left");
}

/// A plan that costs the same is no reason to change.
#[rstest]
#[tokio::test]
async fn what_is_no_better_is_left_as_it_is(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let market = Market::open(database).await;
    let world = &market.world;
    world.apply(&PLAIN.setup()).await;
    let undo = "mutation { updateShopSettings(input: { undoMinutes: 60 }) { problems { message } } }";
    world.graphql(undo, json!({})).await;
    market.place(PLAIN);
    waits_for(world, "it is North's", &format!("{DRAFTS} and sku = 'N-MUG'"), 1).await;
    // East is as cheap now, and comes before North.
    let as_cheap = PLAIN
        .setup()
        .replace("title: Mug, cost: \"5.00\"", "title: Mug, cost: \"4.00\"")
        .replace("priority: 1", "priority: 3");
    world.apply(&as_cheap).await;
    market.quiet_by_now().await;
    assert_eq!(world.count(&format!("{DRAFTS} and sku = 'N-MUG'")).await, 1);
    // And then cheaper.
    world
        .apply(&as_cheap.replace(
            "title: Mug, cost: \"4.00\", currency: EUR, weight_g: 400, price_breaks",
            "title: Mug, cost: \"3.99\", currency: EUR, weight_g: 400, price_breaks",
        ))
        .await;
    waits_for(world, "it is East's", &format!("{DRAFTS} and sku = 'E-MUG'"), 1).await;
}

impl Market {
    /// Waits until no job is due.
    async fn quiet_by_now(&self) {
        let now_ms = now().timestamp_millis();
        let due =
            format!("select count(*) from jobs where state = 'running' or (state = 'ready' and run_at_ms <= {now_ms})");
        waits_for(&self.world, "nothing is due", &due, 0).await;
    }
}

#[rstest]
#[tokio::test]
async fn stock_that_comes_serves_what_waited_for_it(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let story = Plot::default().begin(database).await;
    let north = story.world.supplier("north");
    north.put_inventory(&[("N-MUG".to_owned(), 0)]).await.expect("is taken");
    story.order(&[("MUG", 2)]);
    waits_for(&story.world, "there is none", WAITING, 1).await;
    story.quiet().await;
    // What does not help leaves no trace: other goods, and of these too few.
    let events = "select count(*) from events";
    let before = story.world.count(events).await;
    north.put_inventory(&[("N-TEA".to_owned(), 7)]).await.expect("is taken");
    story.quiet().await;
    assert_eq!(story.world.count(events).await, before);
    north.put_inventory(&[("N-MUG".to_owned(), 9)]).await.expect("is taken");
    let placed = story.purchase_order("north").await;
    assert_eq!(placed.lines[0].quantity, 2);
    waits_for(&story.world, "nobody is asked any more", WAITING, 0).await;
    told(&story.world, "A supplier has other stock or prices").await;
}

/// A rule stands in the way, whatever comes: histories do not fill with it.
#[rstest]
#[tokio::test]
async fn stock_that_may_not_be_used_changes_nothing(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let plot = Plot {
        rules: "[{ name: Never, never: [north] }]",
        ..Plot::default()
    };
    let story = plot.begin(database).await;
    story.order(&[("MUG", 2)]);
    waits_for(&story.world, "nobody may ship it", WAITING, 1).await;
    story.quiet().await;
    let rows = "select (select count(*) from events) + (select count(*) from exceptions)";
    let before = story.world.count(rows).await;
    let north = story.world.supplier("north");
    north
        .put_inventory(&[("N-MUG".to_owned(), 50)])
        .await
        .expect("is taken");
    story.quiet().await;
    assert_eq!(story.world.count(rows).await, before);
}

/// North has none, and somebody chooses East by hand; then North has some again.
#[rstest]
#[tokio::test]
async fn who_was_chosen_by_hand_stays(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let dearer = |plot: Plot| {
        plot.setup()
            .replace("title: Mug, cost: \"4.00\"", "title: Mug, cost: \"4.50\"")
            .replace(
                "sku: E-MUG, title: Mug, cost: \"5.00\", currency: EUR, stock: 100",
                "sku: E-MUG, title: Mug, cost: \"5.00\", currency: EUR, stock: 0",
            )
    };
    let plot = || Plot {
        mug_at_east: true,
        ..Plot::default()
    };
    let story = plot().begin(database).await;
    let world = &story.world;
    let undo = "mutation { updateShopSettings(input: { undoMinutes: 60 }) { problems { message } } }";
    world.graphql(undo, json!({})).await;
    world.apply(&dearer(plot())).await;
    story.order(&[("MUG", 2)]);
    let rose = "select count(*) from exceptions where status = 'open' and kind = 'price_rose'";
    waits_for(world, "North is too dear, and East has none", rose, 1).await;
    world.execute("update offers set stock = 50 where sku = 'E-MUG'").await;
    let offer = "{ offers(filter: { search: \"E-MUG\" }) { nodes { id } } }";
    let offer = world.graphql(offer, json!({})).await["offers"]["nodes"][0]["id"].clone();
    let choose = format!("chooseSupplier(exceptionId: \"{{id}}\", offerId: {offer})");
    world.decide("PRICE_ROSE", &choose).await;
    waits_for(world, "it is East's", &format!("{DRAFTS} and sku = 'E-MUG'"), 1).await;
    // North is cheap again, and comes first.
    world.apply(&plot().setup()).await;
    let replan = "mutation { replanOrders { problems { message } } }";
    world.graphql(replan, json!({})).await;
    let waiting = "select count(*) from jobs where name = 'replan_orders'";
    waits_for(world, "it was looked at", waiting, 0).await;
    assert_eq!(world.count(&format!("{DRAFTS} and sku = 'E-MUG'")).await, 1);
    assert_eq!(world.count(&format!("{DRAFTS} and sku = 'N-MUG'")).await, 0);
}

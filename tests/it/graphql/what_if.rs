//! Drafts compared over past orders: step by step, cancelled, refused, given up, forgotten.

use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use orderyard::{
    actions::{
        give_up_job,
        prune_history::prune,
        run_what_if::{RunWhatIf, Stretch},
        what_if::MOST_ORDERS,
    },
    domain::what_if::{Mark, Way, WhatIfState},
    ids::{JobId, OrderId, ShopId, WhatIfRunId},
    queue::{Attempt, Job as _},
    store::{
        self, Tx,
        columns::Json,
        jobs::{self, JobState, WaitsFor},
        what_if_orders, what_if_runs,
    },
};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};

use super::{
    seed::{Tenant, add_order},
    world::{As, World},
};

/// A comparison with one changed order.
pub fn plant(tx: &Tx, shop: ShopId, order: OrderId, now: chrono::DateTime<chrono::Utc>) -> WhatIfRunId {
    let id = WhatIfRunId::generate();
    let row = what_if_runs::Model {
        id,
        shop_id: shop,
        state: WhatIfState::Running,
        since: now - TimeDelta::days(1),
        until: now,
        currency: orderyard::domain::money::Currency::parse("EUR").expect("EUR"),
        basis: Json::default(),
        mark: Json(Mark::default()),
        total: Some(1),
        listed: 1,
        asked_by: "Olga Owner".to_owned(),
        asked_at: now,
        ended_at: None,
        failure: None,
    };
    store::insert(tx, row).expect("a comparison");
    let way = |supplier: &str| Way {
        suppliers: vec![supplier.to_owned()],
        unserved: 0,
        cost: None,
        parcels: None,
        days: None,
    };
    let row = what_if_orders::Model {
        run_id: id,
        number: 1,
        shop_id: shop,
        order_id: order,
        name: "#1001".to_owned(),
        placed_at: now,
        saving_minor: what_if_orders::NOT_KNOWN,
        live: Json(way("North")),
        draft: Json(way("East")),
    };
    store::insert(tx, row).expect("a changed order");
    id
}

pub(super) fn job(tenant: &Tenant, id: &str) -> RunWhatIf {
    RunWhatIf {
        shop_id: tenant.shop,
        run_id: id.parse().expect("an id"),
    }
}

/// However long they take.
pub(super) fn pages_only(pages: u32) -> Stretch {
    let time = TimeDelta::MAX;
    let orders = MOST_ORDERS;
    Stretch { pages, orders, time }
}

const RUN: &str = "id state ordersTotal ordersSeen ordersCompared ordersChanged endedAt failure differs
    live { ordersShort } draft { ordersShort }";

/// A tenant whose orders are a second old, and whose offer ships everywhere at the accepted price.
pub(super) async fn shop_with_orders(world: &World, orders: i64) -> Tenant {
    let tenant = world.tenant(1).await;
    for first in (0..orders).step_by(100) {
        let tx = world.tx().await;
        for which in first..orders.min(first + 100) {
            add_order(world, &tx, tenant.shop, tenant.variant, 5_000_000 + which).await;
        }
        tx.commit().await.expect("commits");
    }
    let tx = world.tx().await;
    let everywhere = "update offers set ships_to = '[]', cost_minor = 400";
    tx.conn()
        .execute_unprepared(everywhere)
        .await
        .expect("ships everywhere");
    tx.commit().await.expect("commits");
    world.app.clock.advance(Duration::from_secs(1));
    tenant
}

impl World {
    async fn start(&self, tenant: &Tenant, draft: Value) -> Value {
        let since = self.app.clock.now() - TimeDelta::days(1);
        let mut input = json!({ "since": since.to_rfc3339_opts(SecondsFormat::Millis, true) });
        for (field, value) in draft.as_object().expect("fields") {
            input[field] = value.clone();
        }
        let query = format!(
            "mutation($input: WhatIfInput!) {{ done: startWhatIf(input: $input) {{
                run {{ {RUN} }} problems {{ field code message }} }} }}"
        );
        let who = As::Session(&tenant.owner);
        self.data(&who, &query, json!({ "input": input })).await["done"].clone()
    }

    /// Starts one in which the tenant's only supplier is paused.
    pub(super) async fn start_without_supplier(&self, tenant: &Tenant) -> String {
        let paused = json!({ "connections": [{ "supplierId": tenant.supplier, "active": false }] });
        let done = self.start(tenant, paused).await;
        assert_eq!(done["problems"], json!([]), "{done}");
        assert_eq!(done["run"]["state"], "QUEUED");
        assert_eq!(done["run"]["differs"], json!(["CONNECTIONS"]));
        done["run"]["id"].as_str().expect("an id").to_owned()
    }

    async fn run_of(&self, tenant: &Tenant, id: &str) -> Value {
        let query = format!("query($id: ID!) {{ whatIfRun(id: $id) {{ {RUN} }} }}");
        let who = As::Session(&tenant.owner);
        self.data(&who, &query, json!({ "id": id })).await["whatIfRun"].clone()
    }

    async fn cancel(&self, tenant: &Tenant, id: &str) -> Value {
        let query = "mutation($id: ID!) { done: cancelWhatIf(id: $id) { run { state } problems { code } } }";
        let who = As::Session(&tenant.owner);
        self.data(&who, query, json!({ "id": id })).await["done"].clone()
    }

    /// What one job does.
    async fn step(&self, tenant: &Tenant, id: &str) {
        let attempt = Attempt {
            number: 1,
            is_last: false,
        };
        let job = job(tenant, id);
        job.run(&self.app, attempt).await.expect("goes on");
    }

    /// What a job does that has time for so many pages only.
    async fn short_step(&self, tenant: &Tenant, id: &str, pages: u32) {
        let (job, most) = (job(tenant, id), pages_only(pages));
        job.go_on(&self.app, most, async || {}).await.expect("goes on");
    }
}

#[tokio::test]
async fn a_long_comparison_goes_on_job_by_job_and_lists_what_changes() {
    const ORDERS: i64 = 1_050;
    for world in World::each(false).await {
        let tenant = shop_with_orders(&world, ORDERS).await;
        let id = world.start_without_supplier(&tenant).await;
        assert_eq!(world.run_of(&tenant, &id).await["ordersTotal"], Value::Null);
        world.short_step(&tenant, &id, 2).await;
        let run = world.run_of(&tenant, &id).await;
        assert_eq!(
            (run["state"].as_str(), run["ordersTotal"].as_i64()),
            (Some("RUNNING"), Some(ORDERS + 1))
        );
        let seen = run["ordersSeen"].as_i64().expect("a count");
        assert!((1..=ORDERS).contains(&seen), "{run}");
        world.short_step(&tenant, &id, 3).await;
        let further = world.run_of(&tenant, &id).await["ordersSeen"].clone();
        assert!(
            (seen + 1..=ORDERS).contains(&further.as_i64().expect("a count")),
            "{further}"
        );
        // A job's time may be over before its pages are.
        for _ in 0..7 {
            world.step(&tenant, &id).await;
        }
        let run = world.run_of(&tenant, &id).await;
        assert_eq!(run["state"], "DONE", "{run}");
        for field in ["ordersSeen", "ordersCompared", "ordersChanged"] {
            assert_eq!(run[field], ORDERS + 1, "{run}");
        }
        assert_eq!(
            (&run["live"]["ordersShort"], &run["draft"]["ordersShort"]),
            (&json!(0), &json!(ORDERS + 1))
        );

        let page = "query($id: ID!, $after: String) { whatIfRun(id: $id) {
            changedOrders(first: 100, after: $after) {
                nodes { number orderId name live { suppliers unserved } draft { suppliers unserved } }
                pageInfo { hasNextPage endCursor } } } }";
        let (mut after, mut listed) = (Value::Null, Vec::new());
        loop {
            let variables = json!({ "id": id, "after": after });
            let data = world.data(&As::Token(&tenant.token), page, variables).await;
            let found = &data["whatIfRun"]["changedOrders"];
            listed.extend(found["nodes"].as_array().expect("nodes").clone());
            if found["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = found["pageInfo"]["endCursor"].clone();
        }
        let numbers: Vec<i64> = listed.iter().filter_map(|order| order["number"].as_i64()).collect();
        assert_eq!(numbers, (1..=ORDERS + 1).collect::<Vec<_>>());
        assert_eq!(listed[0]["live"], json!({ "suppliers": ["North 1"], "unserved": 0 }));
        assert_eq!(listed[0]["draft"], json!({ "suppliers": [], "unserved": 2 }));
    }
}

#[tokio::test]
async fn a_comparison_is_cancelled_before_and_during_its_run() {
    for world in World::each(false).await {
        let tenant = shop_with_orders(&world, 1_050).await;
        let early = world.start_without_supplier(&tenant).await;
        let cancelled = json!({ "run": { "state": "CANCELLED" }, "problems": [] });
        assert_eq!(world.cancel(&tenant, &early).await, cancelled);
        world.step(&tenant, &early).await;
        assert_eq!(world.run_of(&tenant, &early).await["ordersSeen"], 0);

        let late = world.start_without_supplier(&tenant).await;
        world.short_step(&tenant, &late, 2).await;
        assert_eq!(world.cancel(&tenant, &late).await, cancelled);
        let then = world.run_of(&tenant, &late).await;
        assert!(
            then["ordersSeen"].as_i64() > Some(0) && then["endedAt"].is_string(),
            "{then}"
        );
        world.step(&tenant, &late).await;
        assert_eq!(world.run_of(&tenant, &late).await, then, "nothing goes on after it");
        assert_eq!(world.cancel(&tenant, &late).await, cancelled, "twice is once");
    }
}

/// Within one job, too: after the page at which it was cancelled no other one is looked at, and nothing is kept.
#[tokio::test]
async fn a_comparison_that_is_cancelled_between_two_pages_looks_at_no_other() {
    for world in World::each(false).await {
        let tenant = shop_with_orders(&world, 650).await;
        let id = world.start_without_supplier(&tenant).await;
        let pages = std::sync::atomic::AtomicU32::new(1);
        let cancel = async || {
            if pages.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 1 {
                world.cancel(&tenant, &id).await;
            }
        };
        let job = job(&tenant, &id);
        job.go_on(&world.app, pages_only(25), cancel).await.expect("ends");
        let pages = pages.into_inner();
        assert_eq!(pages, 2, "a second page was not begun");
        let run = world.run_of(&tenant, &id).await;
        assert_eq!((&run["state"], &run["ordersSeen"]), (&json!("CANCELLED"), &json!(0)));
    }
}

#[tokio::test]
async fn runs_are_listed_bounded_and_forgotten() {
    for world in World::each(false).await {
        let tenant = shop_with_orders(&world, 0).await;
        world.cancel(&tenant, &tenant.what_if.to_string()).await;
        let mut started = Vec::new();
        for _ in 0..5 {
            started.push(world.start_without_supplier(&tenant).await);
        }
        let refused = world.start(&tenant, json!({})).await;
        assert_eq!(refused["problems"][0]["code"], "CONFLICT", "{refused}");
        for id in &started {
            world.step(&tenant, id).await;
            world.step(&tenant, id).await;
        }
        assert_eq!(
            world.cancel(&tenant, &started[0]).await["problems"][0]["code"],
            "ALREADY_DONE"
        );

        let page = "query($after: String) { whatIfRuns(first: 3, after: $after) {
            nodes { id } pageInfo { hasNextPage endCursor } } }";
        let who = As::Token(&tenant.token);
        let first = world.data(&who, page, json!({})).await["whatIfRuns"].clone();
        let after = json!({ "after": first["pageInfo"]["endCursor"] });
        let second = world.data(&who, page, after).await["whatIfRuns"].clone();
        let ids = |page: &Value| -> Vec<String> {
            let nodes = page["nodes"].as_array().expect("nodes").iter();
            nodes
                .map(|node| node["id"].as_str().expect("an id").to_owned())
                .collect()
        };
        started.reverse();
        assert_eq!(
            [ids(&first), ids(&second)[..2].to_vec()].concat(),
            started,
            "the newest first"
        );

        world.app.clock.advance(Duration::from_hours(31 * 24));
        while prune(&world.app).await.expect("prunes") {}
        let db = world.app.db.read();
        let runs = what_if_runs::Entity::find().count(db).await.expect("counts");
        let orders = what_if_orders::Entity::find().count(db).await.expect("counts");
        assert_eq!((runs, orders), (0, 0));
    }
}

#[tokio::test]
async fn a_draft_that_could_not_be_is_refused_at_its_field() {
    for world in World::each(false).await {
        let (tenant, other) = (shop_with_orders(&world, 0).await, world.tenant(2).await);
        let rule = |name: &str, when: &str| json!({ "name": name, "when": when, "kind": "NEVER_SPLIT" });
        let routing = json!({ "strategy": "CHEAPEST", "weights": {}, "rates": [],
            "shares": [{ "supplier": "north-2", "percent": "100" }] });
        let weight = json!({ "strategy": "CHEAPEST", "weights": { "perParcel": "-1" }, "rates": [], "shares": [] });
        let costs = json!({ "currency": "EUR", "perOrder": "x", "perParcel": "0", "ownStock": false, "zones": [] });
        for (draft, field) in [
            (json!({ "until": "2020-01-01T00:00:00Z" }), json!(["since"])),
            (
                json!({ "rules": [rule("A", "order.total >")] }),
                json!(["rules", "0", "when"]),
            ),
            (
                json!({ "rules": [rule("A", ""), rule("A", "")] }),
                json!(["rules", "1", "name"]),
            ),
            (
                json!({ "routing": routing }),
                json!(["routing", "shares", "0", "supplier"]),
            ),
            (json!({ "routing": weight }), json!(["routing", "weights", "perParcel"])),
            (
                json!({ "connections": [{ "supplierId": other.supplier }] }),
                json!(["connections", "0", "supplierId"]),
            ),
            (
                json!({ "connections": [{ "supplierId": tenant.supplier, "handlingDays": -1 }] }),
                json!(["connections", "0", "handlingDays"]),
            ),
            (
                json!({ "connections": [{ "supplierId": tenant.supplier, "cutoffHour": 24 }] }),
                json!(["connections", "0", "cutoffHour"]),
            ),
            (
                json!({ "connections": [{ "supplierId": tenant.supplier, "costs": costs }] }),
                json!(["connections", "0", "costs", "perOrder"]),
            ),
        ] {
            let refused = world.start(&tenant, draft.clone()).await;
            assert_eq!(refused["run"], Value::Null, "{draft}");
            assert_eq!(refused["problems"][0]["field"], field, "{draft}: {refused}");
        }
    }
}

/// How the tenant's only supplier ships is part of a draft.
#[tokio::test]
async fn a_draft_has_cutoffs_goods_and_ages() {
    for world in World::each(false).await {
        let tenant = shop_with_orders(&world, 0).await;
        let tx = world.tx().await;
        let aged = r#"update offers set goods = '{"dangerous":true,"minimum_age":18}'"#;
        tx.conn().execute_unprepared(aged).await.expect("has an age");
        let checked = r#"update connections set service = '{"dangerous_goods":true,"checks_age":true}'"#;
        tx.conn().execute_unprepared(checked).await.expect("has it checked");
        tx.commit().await.expect("commits");
        let drafted = "query($id: ID!) { whatIfRun(id: $id) {
            draftConnections { cutoffHour dangerousGoods checksAge } } }";
        let shown = |cutoff: Value, goods: bool, age: bool| json!([{ "cutoffHour": cutoff, "dangerousGoods": goods, "checksAge": age }]);
        for (change, expect, short) in [
            (json!({ "dangerousGoods": false }), shown(Value::Null, false, true), 1),
            (json!({ "checksAge": false }), shown(Value::Null, true, false), 1),
            (json!({ "cutoffHour": 14 }), shown(json!(14), true, true), 0),
            (json!({ "cutoffHour": null }), json!([]), 0),
        ] {
            let mut connection = json!({ "supplierId": tenant.supplier });
            for (field, value) in change.as_object().expect("fields") {
                connection[field] = value.clone();
            }
            let done = world.start(&tenant, json!({ "connections": [connection] })).await;
            assert_eq!(done["problems"], json!([]), "{change}");
            let id = done["run"]["id"].as_str().expect("an id");
            world.step(&tenant, id).await;
            world.step(&tenant, id).await;
            let run = world.run_of(&tenant, id).await;
            assert_eq!(run["draft"]["ordersShort"], short, "{change}: {run}");
            assert_eq!(run["live"]["ordersShort"], 0, "{change}: {run}");
            let data = world
                .data(&As::Token(&tenant.token), drafted, json!({ "id": id }))
                .await;
            assert_eq!(data["whatIfRun"]["draftConnections"], expect, "{change}");
        }
    }
}

#[tokio::test]
async fn changed_orders_are_listed_by_what_they_save() {
    for world in World::each(false).await {
        let tenant = shop_with_orders(&world, 0).await;
        let tx = world.tx().await;
        // The tenant's comparison has one, of which no cost is known.
        for (number, saving_minor) in [(2, 50), (3, -20), (4, 300), (5, 50), (6, what_if_orders::NOT_KNOWN)] {
            let row = what_if_orders::Model {
                run_id: tenant.what_if,
                number,
                shop_id: tenant.shop,
                order_id: tenant.order,
                name: format!("#{number}"),
                placed_at: world.app.clock.now(),
                saving_minor,
                live: Json(Way::default()),
                draft: Json(Way::default()),
            };
            store::insert(&tx, row).expect("a changed order");
        }
        tx.commit().await.expect("commits");
        let page = "query($id: ID!, $sort: WhatIfOrderSort, $after: String) { whatIfRun(id: $id) {
            changedOrders(sort: $sort, first: 2, after: $after) {
                nodes { number } pageInfo { hasNextPage endCursor } } } }";
        for (sort, expect) in [
            (json!("SAVING"), [4, 2, 5, 3, 1, 6]),
            (json!("PLACED"), [1, 2, 3, 4, 5, 6]),
            (Value::Null, [1, 2, 3, 4, 5, 6]),
        ] {
            let (mut after, mut numbers) = (Value::Null, Vec::new());
            while numbers.len() < expect.len() {
                let variables = json!({ "id": tenant.what_if, "sort": sort, "after": after });
                let data = world.data(&As::Token(&tenant.token), page, variables).await;
                let found = &data["whatIfRun"]["changedOrders"];
                let nodes = found["nodes"].as_array().expect("nodes").iter();
                numbers.extend(nodes.filter_map(|node| node["number"].as_i64()));
                assert_eq!(found["pageInfo"]["hasNextPage"], numbers.len() < expect.len(), "{sort}");
                after = found["pageInfo"]["endCursor"].clone();
            }
            assert_eq!(numbers, expect, "{sort}");
        }
    }
}

#[tokio::test]
async fn a_comparison_whose_job_is_given_up_says_why() {
    for world in World::each(false).await {
        let tenant = shop_with_orders(&world, 0).await;
        let id = world.start_without_supplier(&tenant).await;
        let payload = json!({ "shop_id": tenant.shop, "run_id": id });
        let job = jobs::Model {
            id: JobId::generate(),
            name: RunWhatIf::NAME.to_owned(),
            payload: payload.to_string(),
            shop_id: Some(tenant.shop),
            serial_key: None,
            dedupe_key: None,
            state: JobState::Running,
            waits_for: WaitsFor::Turn,
            priority: 0,
            lane: tenant.shop.0,
            run_at_ms: 0,
            triggered_at_ms: 0,
            attempts: 3,
            lease_id: None,
            leased_until_ms: None,
            last_error: None,
            parked_for: None,
            parked_since_ms: None,
            created_at_ms: 0,
        };
        let tx = world.tx().await;
        give_up_job::tell(&tx, &job, "the disk is full", world.app.clock.now())
            .await
            .expect("tells");
        tx.commit().await.expect("commits");
        let run = world.run_of(&tenant, &id).await;
        assert_eq!(
            (&run["state"], &run["failure"]),
            (&json!("FAILED"), &json!("the disk is full"))
        );
    }
}

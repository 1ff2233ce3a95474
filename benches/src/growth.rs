//! Whether it stays as fast with many orders stored: one order goes the whole way, its rows are
//! multiplied in the database, and the same is measured again.

use std::time::Instant;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use crate::{
    Failure, Options,
    fill::{begin_filling, drop_database, end_filling, forget_unread, open},
    intake::{self, fresh, postgres},
    pipeline::{Pace, Suppliers, World},
    report::{GrowthRow, IntakeRow, Results},
};

/// Orders whose rows one statement makes.
const AT_ONCE: u64 = 100_000;
/// How often each is measured by turns with the database in which nothing was multiplied.
const ROUNDS: usize = 3;
/// Deliveries that are kept, unless the settings say otherwise: those of older orders are gone.
const MOST_DELIVERIES: u64 = 1_000_000;

/// A table of what belongs to an order, and which columns tell one row from another.
struct Table {
    name: &'static str,
    /// Which rows are the first order's: `$ORDER` is its id, `$SHOPIFY` Shopify's.
    of_order: &'static str,
    uuids: &'static [&'static str],
    numbers: &'static [&'static str],
    texts: &'static [&'static str],
}

const fn table(
    name: &'static str,
    of_order: &'static str,
    uuids: &'static [&'static str],
    numbers: &'static [&'static str],
    texts: &'static [&'static str],
) -> Table {
    Table {
        name,
        of_order,
        uuids,
        numbers,
        texts,
    }
}

const OF_ORDER: &str = "order_id = $ORDER";
const OF_PURCHASE_ORDER: &str = "purchase_order_id in (select id from purchase_orders where order_id = $ORDER)";
const OF_SHIPMENT: &str = "shipment_id in (select id from shipments where order_id = $ORDER)";
const OF_ALLOCATION: &[&str] = &["id", "order_id", "plan_id", "order_line_id", "group_id", "po_line_id"];

/// Those that others refer to come first.
const TABLES: &[Table] = &[
    table("orders", "id = $ORDER", &["id"], &["shopify_id"], &["name"]),
    table("order_lines", OF_ORDER, &["id", "order_id"], &["shopify_id"], &[]),
    table("fulfillment_orders", OF_ORDER, &["order_id"], &["id"], &[]),
    table("routing_plans", OF_ORDER, &["id", "order_id"], &[], &[]),
    table("purchase_orders", OF_ORDER, &["id", "order_id"], &[], &["number"]),
    table("po_lines", OF_PURCHASE_ORDER, &["id", "purchase_order_id"], &[], &[]),
    table("allocations", OF_ORDER, OF_ALLOCATION, &[], &[]),
    table(
        "shipments",
        OF_ORDER,
        &["id", "order_id", "purchase_order_id"],
        &[],
        &[],
    ),
    table(
        "shipment_lines",
        OF_SHIPMENT,
        &["id", "shipment_id", "po_line_id"],
        &[],
        &[],
    ),
    table(
        "fulfillments",
        OF_ORDER,
        &["id", "order_id", "shipment_id"],
        &["shopify_id"],
        &[],
    ),
    table("intents", OF_ORDER, &["id", "order_id", "subject_id"], &[], &["key"]),
    table("events", OF_ORDER, &["id", "order_id"], &[], &[]),
    table(
        "deliveries",
        "shopify_order_id = $SHOPIFY",
        &["id"],
        &["shopify_order_id"],
        &[],
    ),
];

pub async fn measure(options: &Options, results: &mut Results) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.folder)?;
    for name in ["growth, SQLite", "growth, PostgreSQL"] {
        if !options.wants(name) || options.grown.is_empty() {
            continue;
        }
        let (grown, empty) = if name.ends_with("SQLite") {
            let file = |name| Ok::<_, Failure>(Some(format!("sqlite://{}", fresh(&options.folder, name)?)));
            (file("growth.db")?, file("growth-none.db")?)
        } else {
            (postgres("bench_growth")?, postgres("bench_growth_none")?)
        };
        if let (Some(grown), Some(empty)) = (grown, empty) {
            grow(options, name, [&grown, &empty], results).await?;
            // Before the next one begins: both do not fit a small disk.
            drop_database(&grown)?;
            drop_database(&empty)?;
        }
    }
    Ok(())
}

/// A machine is not as fast at all times: each measurement is one of a pair, by turns with the same
/// of a database in which nothing was multiplied.
async fn grow(options: &Options, name: &str, databases: [&str; 2], results: &mut Results) -> Result<(), Failure> {
    let [database, empty] = databases;
    let mut world = World::build(options, Suppliers::One, name, database).await?;
    world.play(1).await?;
    world.stop_program();
    let mut beside = World::build(options, Suppliers::One, name, empty).await?;
    beside.play(1).await?;
    beside.stop_program();
    let mut stored = 0;
    for &wanted in &options.grown {
        eprintln!("bench: {name}, {wanted} orders stored");
        let began = Instant::now();
        multiply(options, database, stored, wanted).await?;
        if wanted > stored {
            eprintln!("bench: filled in {:.0} s", began.elapsed().as_secs_f64());
        }
        stored = stored.max(wanted);
        let (mut with, mut without) = (Rounds::default(), Rounds::default());
        for _ in 0..ROUNDS {
            without.add(round(options, &mut beside, empty).await?);
            with.add(round(options, &mut world, database).await?);
        }
        results
            .growth
            .push(with.row(name.trim_start_matches("growth, "), wanted, &without));
    }
    Ok(())
}

/// The pipeline and intake, once.
async fn round(options: &Options, world: &mut World, database: &str) -> Result<(Pace, IntakeRow), Failure> {
    world.start_node(options, "all", &[]).await?;
    let pace = world.play(options.orders.min(1000)).await?;
    world.stop_program();
    let intake = intake::of_orderyard(options, "growth", database).await?;
    forget_unread(database).await?;
    Ok((pace, intake))
}

/// What the rounds gave together.
#[derive(Default)]
struct Rounds(Vec<(Pace, IntakeRow)>);

impl Rounds {
    fn add(&mut self, round: (Pace, IntakeRow)) {
        self.0.push(round);
    }

    #[expect(clippy::cast_precision_loss, reason = "a few rounds")]
    fn mean(&self, of: impl Fn(&(Pace, IntakeRow)) -> f64) -> f64 {
        self.0.iter().map(of).sum::<f64>() / self.0.len() as f64
    }

    fn most(&self, of: impl Fn(&(Pace, IntakeRow)) -> f64) -> f64 {
        self.0.iter().map(of).fold(0.0, f64::max)
    }

    fn row(&self, name: &str, stored: u64, without: &Self) -> GrowthRow {
        let calls = |(_, intake): &(Pace, IntakeRow)| intake.per_second;
        let orders = |(pace, _): &(Pace, IntakeRow)| pace.per_second;
        GrowthRow {
            name: name.to_owned(),
            stored,
            orders_per_second: self.mean(orders),
            orders_of_none: self.mean(orders) / without.mean(orders),
            cpu_ms_per_order: self.mean(|(pace, _)| pace.cpu_ms_per_order),
            intake_per_second: self.mean(calls),
            intake_of_none: self.mean(calls) / without.mean(calls),
            intake_p99_ms: self.most(|(_, intake)| intake.p99_ms),
            cold_start_ms: self.most(|(_, intake)| intake.cold_start_ms),
            peak_mib: self.most(|(pace, intake)| intake.peak_mib.max(pace.peak_mib)),
        }
    }
}

/// Which of the orders that will be there have which rows, by their number.
struct Plan {
    /// From this on, every row; before it only [`KEPT`], one of each.
    first_whole: u64,
    /// From this on, their deliveries, without bodies.
    first_delivery: u64,
}

/// What is left of an old order where room is scarce.
const KEPT: &[&str] = &["orders", "order_lines", "purchase_orders", "intents", "events"];

/// Makes rows as those of the first order, until there are `wanted` orders more than that.
async fn multiply(options: &Options, database: &str, stored: u64, wanted: u64) -> Result<(), Failure> {
    if wanted <= stored {
        return Ok(());
    }
    let db = open(database).await?;
    let (order, shopify) = first_order(&db).await?;
    let most = options.grown.iter().copied().max().unwrap_or(0);
    let each = deliveries_each(&db, &shopify).await?.max(1);
    let plan = Plan {
        first_whole: most.saturating_sub(options.whole) + 1,
        first_delivery: most.saturating_sub(MOST_DELIVERIES / each) + 1,
    };
    let mut inserts = Vec::new();
    for table in TABLES {
        let of_order = table.of_order.replace("$ORDER", &order).replace("$SHOPIFY", &shopify);
        let whole = insert(&db, table, &of_order, false).await?;
        let kept = insert(&db, table, &of_order, true).await?;
        inserts.push((table.name, whole, kept));
    }
    begin_filling(&db).await?;
    let mut from = stored + 1;
    while from <= wanted {
        let mut to = wanted.min(from + AT_ONCE - 1);
        for first in [plan.first_whole, plan.first_delivery] {
            if from < first {
                to = to.min(first - 1);
            }
        }
        for (name, whole, kept) in &inserts {
            let insert = match *name {
                "deliveries" if from < plan.first_delivery => continue,
                "deliveries" => whole,
                _ if from >= plan.first_whole => whole,
                name if KEPT.contains(&name) => kept,
                _ => continue,
            };
            let insert = insert
                .replace("$FROM", &from.to_string())
                .replace("$TO", &to.to_string());
            db.execute_unprepared(&insert).await?;
        }
        from = to + 1;
    }
    end_filling(&db).await?;
    db.close().await?;
    Ok(())
}

/// Webhooks that told of the first order.
async fn deliveries_each(db: &DatabaseConnection, shopify: &str) -> Result<u64, Failure> {
    let sql = format!("select count(*) from deliveries where shopify_order_id = {shopify}");
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    let count: i64 = row.ok_or("no count")?.try_get_by_index(0)?;
    Ok(count.unsigned_abs())
}

/// The id of the order that came by itself, as a literal, and Shopify's id of it.
async fn first_order(db: &DatabaseConnection) -> Result<(String, String), Failure> {
    let backend = db.get_database_backend();
    let id = match backend {
        DbBackend::Postgres => "quote_literal(id::text) || '::uuid'",
        _ => "'x''' || hex(id) || ''''",
    };
    // What was multiplied has ids of a time before.
    let sql = format!("select {id}, cast(shopify_id as text) from orders order by id desc limit 1");
    let row = db.query_one_raw(Statement::from_string(backend, sql)).await?;
    let row = row.ok_or("no order is stored")?;
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
}

/// The statement that makes the rows of orders `$FROM` to `$TO`; one row of each only, and that
/// without what is long, if they are to be `slim`.
async fn insert(db: &DatabaseConnection, table: &Table, of_order: &str, slim: bool) -> Result<String, Failure> {
    let backend = db.get_database_backend();
    let name = table.name;
    let columns = match backend {
        DbBackend::Postgres => {
            format!("select column_name::text from information_schema.columns where table_name = '{name}'")
        }
        _ => format!("select name from pragma_table_info('{name}')"),
    };
    let rows = db.query_all_raw(Statement::from_string(backend, columns)).await?;
    let columns: Vec<String> = rows
        .iter()
        .map(|row| row.try_get_by_index(0))
        .collect::<Result<_, _>>()?;
    let value = |column: &String| {
        let column = column.as_str();
        if name == "deliveries" && column == "body" {
            // They are forgotten after a month.
            "null".to_owned()
        } else if column == "webhook_id" {
            // In no order, as Shopify's are.
            random_text(backend)
        } else if slim && matches!(column, "ship_to" | "evidence") {
            "null".to_owned()
        } else if slim && matches!(column, "facts" | "request") {
            empty_json(backend)
        } else if table.uuids.contains(&column) {
            uuid(backend, column)
        } else if table.numbers.contains(&column) {
            // Away from those that the sandbox gives.
            format!("t.{column} + 1000000000000 + series.n * 100")
        } else if table.texts.contains(&column) {
            format!("t.{column} || '-' || series.n")
        } else {
            format!("t.{column}")
        }
    };
    let values = columns.iter().map(value).collect::<Vec<_>>().join(", ");
    let columns = columns.join(", ");
    let rows = if slim {
        format!("(select * from {name} where {of_order} order by 1 limit 1)")
    } else {
        format!("(select * from {name} where {of_order})")
    };
    Ok(match backend {
        DbBackend::Postgres => format!(
            "insert into {name} ({columns}) select {values} from {rows} t, generate_series($FROM, $TO) as series (n)"
        ),
        _ => format!(
            "insert into {name} ({columns})
             with recursive series (n) as (select $FROM union all select n + 1 from series where n < $TO)
             select {values} from series, {rows} t"
        ),
    })
}

fn empty_json(backend: DbBackend) -> String {
    match backend {
        DbBackend::Postgres => "cast('{}' as jsonb)".to_owned(),
        _ => "'{}'".to_owned(),
    }
}

fn random_text(backend: DbBackend) -> String {
    match backend {
        DbBackend::Postgres => "gen_random_uuid()::text".to_owned(),
        // As long as an id with its hyphens.
        _ => "lower(hex(randomblob(18)))".to_owned(),
    }
}

/// As ids are made: they begin with a time, here a past one, ten milliseconds apart.
fn uuid(backend: DbBackend, column: &str) -> String {
    const FIRST_MS: u64 = 1_700_000_000_000;
    match backend {
        DbBackend::Postgres => format!(
            "(lpad(to_hex({FIRST_MS} + series.n * 10), 12, '0') || '7000' || right(replace(t.{column}::text, '-', ''), 16))::uuid"
        ),
        _ => format!("unhex(printf('%012x', {FIRST_MS} + series.n * 10) || '7000' || substr(hex(t.{column}), 17))"),
    }
}

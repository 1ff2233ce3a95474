//! How many orders a second go the whole way: webhook, import, routing,
//! purchase order, parcel, fulfillment with its tracking in the shop.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use sandbox::{
    Behaviour, Browser, OrderSpec, Plan, ProductSpec, Shipping, Shop, ShopSpec, Shopify, ShopifyConfig, Supplier,
    SupplierConfig, VariantSpec,
};

use crate::{
    Failure, Options,
    intake::{fresh, mib, postgres, settings},
    load::SECRET,
    process::{Process, free_port},
    report::{PipelineRow, Results},
};

/// Shops whose budgets together allow what is measured: one shop's is 2000 points a second.
const SHOPS: usize = 60;
const SUPPLIER_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// An order that is not there after this long is lost.
const PATIENCE: Duration = Duration::from_mins(5);

pub async fn measure(options: &Options, results: &mut Results) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.folder)?;
    let name = "pipeline, SQLite";
    if options.wants(name) {
        let file = fresh(&options.folder, "pipeline.db")?;
        results
            .pipeline
            .push(one(options, name, &format!("sqlite://{file}")).await?);
    }
    let name = "pipeline, PostgreSQL";
    if options.wants(name)
        && let Some(url) = postgres("bench_pipeline")?
    {
        results.pipeline.push(one(options, name, &url).await?);
    }
    Ok(())
}

/// What one run consists of.
struct World {
    shopify: Shopify,
    shops: Vec<(Shop, i64, i64)>,
    /// They answer for as long as they are held.
    _suppliers: Vec<Supplier>,
    process: Process,
}

async fn one(options: &Options, name: &str, database: &str) -> Result<PipelineRow, Failure> {
    eprintln!("bench: {name}");
    let world = build(options, name, database).await?;
    let before = world.process.usage()?;
    let began = Instant::now();
    for number in 0..options.orders {
        let (shop, mug, shirt) = &world.shops[number % world.shops.len()];
        let spec = OrderSpec::of([(*mug, 1), (*shirt, 2)]);
        shop.create_order(spec).map_err(|refused| format!("{refused:?}"))?;
        if number % 50 == 49 {
            // Orders come faster than they are worked on, but not before the server can take them.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    while open_orders(&world) > 0 {
        if began.elapsed() > PATIENCE {
            return Err(format!("{name}: {} orders are not fulfilled", open_orders(&world)).into());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let took = began.elapsed().as_secs_f64();
    let after = world.process.usage()?;
    world.shopify.stop().await;
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let orders = options.orders as f64;
    Ok(PipelineRow {
        name: name.to_owned(),
        orders: options.orders,
        per_second: orders / took,
        peak_mib: mib(after.peak_kib),
        cpu_ms_per_order: (after.cpu.saturating_sub(before.cpu)).as_secs_f64() * 1000.0 / orders,
    })
}

fn open_orders(world: &World) -> usize {
    let open = |(shop, ..): &(Shop, i64, i64)| {
        let all = shop.order_ids();
        all.into_iter()
            .filter(|id| {
                shop.order(*id)
                    .is_none_or(|order| order.fulfillment_status != "FULFILLED")
            })
            .count()
    };
    world.shops.iter().map(open).sum()
}

async fn build(options: &Options, name: &str, database: &str) -> Result<World, Failure> {
    let shopify = Shopify::start(ShopifyConfig {
        client_secret: SECRET.to_owned(),
        first_webhook_retry: Duration::from_secs(1),
        ..ShopifyConfig::default()
    })
    .await?;
    let port = free_port()?;
    let url: reqwest::Url = format!("http://127.0.0.1:{port}").parse()?;
    shopify.set_app_url(url.clone());
    let environment = [settings(port, database), vec![("SHOPIFY_ORIGIN", shopify.origin())]].concat();
    let program = std::fs::canonicalize(&options.orderyard)?;
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .env_clear()
            .envs(environment.clone())
            .current_dir(&options.folder);
        command
    };
    let log = options.folder.join(format!("{}.log", name.replace([' ', ','], "-")));
    let process = Process::start(command(&["serve"]), port, &log).await?;
    let mut suppliers = Vec::new();
    for key in ["north", "east"] {
        let behaviour = Behaviour {
            shipping: Shipping::Whole { delay_ms: 0 },
            ..Behaviour::default()
        };
        let config = SupplierConfig {
            behaviour,
            journal_limit: 1_000_000,
            ..SupplierConfig::new(key, SUPPLIER_SECRET)
        };
        suppliers.push(Supplier::start(config).await?);
    }
    let mut shops = Vec::new();
    for number in 0..SHOPS {
        shops.push(install(&shopify, number).await?);
    }
    let file = options.folder.join("setup.yaml");
    std::fs::write(&file, setup(&suppliers))?;
    let file = std::fs::canonicalize(file)?.display().to_string();
    let began = Instant::now();
    // Variants are mapped by SKU: they must have been read first.
    loop {
        let output = command(&["apply", &file]).output()?;
        if output.status.success() {
            break;
        }
        if began.elapsed() > Duration::from_secs(30) {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for supplier in &suppliers {
        let output = command(&["admin", "supplier-key", "create", "--supplier", supplier.name()]).output()?;
        let key = String::from_utf8(output.stdout)?;
        supplier.set_orderyard(url.as_str(), key.trim());
    }
    Ok(World {
        shopify,
        shops,
        _suppliers: suppliers,
        process,
    })
}

async fn install(shopify: &Shopify, number: usize) -> Result<(Shop, i64, i64), Failure> {
    let spec = ShopSpec {
        plan: Plan::Enterprise,
        ..ShopSpec::default()
    };
    let shop = shopify.create_shop(&format!("bench{number}.myshopify.com"), spec);
    let variant = |sku: &str| -> Result<i64, Failure> {
        let product = ProductSpec {
            title: sku.to_owned(),
            variants: vec![VariantSpec::new(sku, "20.00")],
            ..ProductSpec::default()
        };
        let made = shop.create_product(product).map_err(|refused| format!("{refused:?}"))?;
        Ok(made.variants[0])
    };
    let (mug, shirt) = (variant("MUG")?, variant("SHIRT")?);
    let url = shop.install_url().ok_or("the app has no address")?;
    Browser::new()?.visit(url).await?;
    Ok((shop, mug, shirt))
}

fn setup(suppliers: &[Supplier]) -> String {
    let offers = suppliers.iter().zip(["N-MUG", "E-SHIRT"]);
    let suppliers: Vec<String> = offers.map(|(supplier, sku)| supplier_setup(supplier, sku)).collect();
    let shops: Vec<String> = (0..SHOPS)
        .map(|number| SHOP_SETUP.replace("{number}", &number.to_string()))
        .collect();
    format!(
        "version: 1\nsuppliers:\n{}shops:\n{}",
        suppliers.concat(),
        shops.concat()
    )
}

fn supplier_setup(supplier: &Supplier, sku: &str) -> String {
    let (key, endpoint) = (supplier.name(), supplier.endpoint());
    format!(
        r#"  - key: {key}
    name: {key}
    connector: http
    settings: {{ endpoint: "{endpoint}", secret: "{SUPPLIER_SECRET}" }}
    offers:
      - {{ sku: {sku}, title: {sku}, cost: "4.00", currency: EUR, stock: 100000, ships_to: [DE] }}
"#
    )
}

const SHOP_SETUP: &str = r"  - domain: bench{number}.myshopify.com
    automation: on
    locations: all
    connections:
      - { supplier: north, priority: 1, price_tolerance_pct: 2, handling_days: 1 }
      - { supplier: east, priority: 2, price_tolerance_pct: 2, handling_days: 1 }
    mappings:
      - variant: { sku: MUG }
        alternatives:
          - components: [ { supplier: north, sku: N-MUG, quantity: 1 } ]
      - variant: { sku: SHIRT }
        alternatives:
          - components: [ { supplier: east, sku: E-SHIRT, quantity: 1 } ]
";

//! How many orders a second go the whole way: webhook, import, routing,
//! purchase order, parcel, fulfillment with its tracking in the shop.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use sandbox::{
    Behaviour, Browser, OrderSpec, Plan, ProductSpec, Shipping, Shop, ShopSpec, Shopify, ShopifyConfig, Supplier,
    SupplierConfig, SupplierFault, VariantSpec,
};

use crate::{
    Failure, Options,
    intake::{fresh, mib, postgres, settings},
    load::{SECRET, rank},
    process::{Process, Usage, free_port},
    report::{PipelineRow, Results},
};

/// Shops whose budgets together allow what is measured: one shop's is 2000 points a second.
const SHOPS: usize = 60;
pub const FIRST_SHOP: &str = "bench0.myshopify.com";
/// Each may call 50 times a second, and has an offer of everything; a shop buys from two of them.
const SUPPLIERS: usize = 12;
/// Orders that are under way at once: what is sustained is measured, not how long a line can grow.
const MOST_OPEN: usize = 500;
const SUPPLIER_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// An order that is not there after this long is lost.
const PATIENCE: Duration = Duration::from_mins(5);

/// How often orders are looked at whose time is taken.
const LOOK: Duration = Duration::from_millis(2);

/// Who ships the two lines of an order.
#[derive(Clone, Copy)]
pub enum Suppliers {
    /// One ships both: the ordinary order.
    One,
    /// Each ships one: two purchase orders, two parcels, two fulfillments.
    Two,
}

pub async fn measure(options: &Options, results: &mut Results) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.folder)?;
    for (suppliers, what) in [(Suppliers::One, "one parcel"), (Suppliers::Two, "two parcels")] {
        let name = format!("{what}, SQLite");
        if options.wants(&name) {
            let file = fresh(&options.folder, "pipeline.db")?;
            let database = format!("sqlite://{file}");
            results.pipeline.push(one(options, suppliers, &name, &database).await?);
        }
        let name = format!("{what}, PostgreSQL");
        if options.wants(&name)
            && let Some(database) = postgres("bench_pipeline")?
        {
            results.pipeline.push(one(options, suppliers, &name, &database).await?);
        }
    }
    Ok(())
}

/// What one run consists of.
pub struct World {
    shopify: Shopify,
    shops: Vec<(Shop, i64, i64)>,
    /// They answer for as long as they are held.
    suppliers: Vec<Supplier>,
    environment: Vec<(&'static str, String)>,
    port: u16,
    log: PathBuf,
    processes: Vec<Process>,
}

/// How fast orders went.
pub struct Pace {
    pub per_second: f64,
    pub cpu_ms_per_order: f64,
    pub peak_mib: f64,
}

async fn one(options: &Options, who: Suppliers, name: &str, database: &str) -> Result<PipelineRow, Failure> {
    eprintln!("bench: {name}");
    let world = World::build(options, who, name, database).await?;
    let pace = world.play(options.orders).await?;
    let at_half = world.times(options.orders / 4, pace.per_second / 2.0).await?;
    world.shopify.stop().await;
    Ok(PipelineRow {
        name: name.to_owned(),
        orders: options.orders,
        per_second: pace.per_second,
        peak_mib: pace.peak_mib,
        cpu_ms_per_order: pace.cpu_ms_per_order,
        p50_at_half_ms: share(&at_half, 0.5).as_secs_f64() * 1000.0,
        p99_at_half_ms: share(&at_half, 0.99).as_secs_f64() * 1000.0,
    })
}

/// The time that so much of them took at most.
pub fn share(sorted: &[Duration], share: f64) -> Duration {
    let time = sorted.get(rank(sorted.len(), share)).or(sorted.last());
    time.copied().unwrap_or_default()
}

impl World {
    /// Has orders come in, and waits until all are fulfilled.
    pub async fn play(&self, orders: usize) -> Result<Pace, Failure> {
        let before = self.usage()?;
        let began = Instant::now();
        let mut open: VecDeque<(&Shop, i64)> = VecDeque::with_capacity(MOST_OPEN);
        for number in 0..orders {
            while open.len() >= MOST_OPEN {
                tokio::time::sleep(Duration::from_millis(5)).await;
                while open.front().is_some_and(|(shop, id)| is_fulfilled(shop, *id)) {
                    open.pop_front();
                }
            }
            let (shop, mug, shirt) = &self.shops[number % self.shops.len()];
            let spec = OrderSpec::of([(*mug, 1), (*shirt, 2)]);
            let id = shop.create_order(spec).map_err(|refused| format!("{refused:?}"))?;
            open.push_back((shop, id));
            if number % 50 == 49 {
                // Not before the server can take them.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        // The oldest first, so that to look costs nothing of what is measured.
        while let Some((shop, id)) = open.front() {
            if is_fulfilled(shop, *id) {
                open.pop_front();
                continue;
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{} orders are not fulfilled", open.len()).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let took = began.elapsed().as_secs_f64();
        let after = self.usage()?;
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let orders = orders as f64;
        Ok(Pace {
            per_second: orders / took,
            peak_mib: mib(after.peak_kib),
            cpu_ms_per_order: (after.cpu.saturating_sub(before.cpu)).as_secs_f64() * 1000.0 / orders,
        })
    }

    /// How long each of some orders takes that come at an even pace, sorted.
    pub async fn times(&self, orders: usize, per_second: f64) -> Result<Vec<Duration>, Failure> {
        let interval = Duration::from_secs_f64(1.0 / per_second);
        let began = Instant::now();
        let mut due = began;
        let mut open: Vec<(&Shop, i64, Instant)> = Vec::new();
        let mut times = Vec::with_capacity(orders);
        for number in 0.. {
            let comes = number < orders;
            if comes {
                let (shop, mug, shirt) = &self.shops[number % self.shops.len()];
                let spec = OrderSpec::of([(*mug, 1), (*shirt, 2)]);
                let id = shop.create_order(spec).map_err(|refused| format!("{refused:?}"))?;
                open.push((shop, id, Instant::now()));
                due += interval;
            } else if open.is_empty() {
                break;
            } else {
                due = Instant::now() + LOOK;
            }
            loop {
                open.retain(|(shop, id, came)| {
                    let is_open = !is_fulfilled(shop, *id);
                    if !is_open {
                        times.push(came.elapsed());
                    }
                    is_open
                });
                if began.elapsed() > PATIENCE {
                    return Err(format!("{} orders are not fulfilled", open.len()).into());
                }
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                tokio::time::sleep(left.min(LOOK)).await;
            }
        }
        times.sort_unstable();
        Ok(times)
    }

    /// Where the first node is.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// All nodes together; as peak, the largest one's.
    pub fn usage(&self) -> Result<Usage, Failure> {
        let mut all = Usage::default();
        for process in &self.processes {
            let one = process.usage()?;
            all.cpu += one.cpu;
            all.resident_kib += one.resident_kib;
            all.peak_kib = all.peak_kib.max(one.peak_kib);
        }
        Ok(all)
    }

    /// Ends the program, so that its database is nobody's.
    pub fn stop_program(&mut self) {
        self.processes.clear();
    }

    /// Starts a node. The first one has the address that everybody knows.
    pub async fn start_node(&mut self, options: &Options, role: &str, also: &[(&str, &str)]) -> Result<(), Failure> {
        let mut serve = self.command(options, &["serve"])?;
        let port = if self.processes.is_empty() {
            self.port
        } else {
            free_port()?
        };
        serve
            .env("PORT", port.to_string())
            .env("ORDERYARD_ROLE", role)
            .envs(also.iter().copied());
        self.processes.push(Process::start(serve, port, &self.log).await?);
        Ok(())
    }

    /// From now on suppliers take their time for each of the next calls.
    pub fn slow_down(&self, calls: usize, pause: Duration) {
        let ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        for supplier in &self.suppliers {
            for _ in 0..calls {
                supplier.add_fault(SupplierFault::Slow { ms });
            }
        }
    }

    /// With which the first shop's orders can be read.
    pub fn api_token(&self, options: &Options) -> Result<String, Failure> {
        let create = ["admin", "token", "create", "--shop", FIRST_SHOP, "--scope", "read"];
        let token = self.command(options, &create)?.output()?;
        if !token.status.success() {
            return Err(String::from_utf8_lossy(&token.stderr).into_owned().into());
        }
        Ok(String::from_utf8(token.stdout)?.trim().to_owned())
    }

    fn command(&self, options: &Options, arguments: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(std::fs::canonicalize(&options.orderyard)?);
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment.clone())
            .current_dir(&options.folder);
        Ok(command)
    }

    pub async fn build(options: &Options, who: Suppliers, name: &str, database: &str) -> Result<Self, Failure> {
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
        let mut world = Self {
            shopify,
            shops: Vec::new(),
            suppliers: suppliers().await?,
            environment,
            port,
            log: options.folder.join(format!("{}.log", name.replace([' ', ','], "-"))),
            processes: Vec::new(),
        };
        world.start_node(options, "all", &[]).await?;
        for number in 0..SHOPS {
            let shop = install(&world.shopify, number).await?;
            world.shops.push(shop);
        }
        let file = options.folder.join("setup.yaml");
        std::fs::write(&file, setup(&world.suppliers, who))?;
        world.apply(options, &std::fs::canonicalize(file)?).await?;
        for supplier in &world.suppliers {
            let create = ["admin", "supplier-key", "create", "--supplier", supplier.name()];
            let key = String::from_utf8(world.command(options, &create)?.output()?.stdout)?;
            supplier.set_orderyard(url.as_str(), key.trim());
        }
        Ok(world)
    }

    /// Variants are mapped by SKU: they must have been read first.
    async fn apply(&self, options: &Options, file: &Path) -> Result<(), Failure> {
        let began = Instant::now();
        loop {
            let file = file.display().to_string();
            let output = self.command(options, &["apply", &file])?.output()?;
            if output.status.success() {
                return Ok(());
            }
            if began.elapsed() > Duration::from_secs(30) {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

async fn suppliers() -> Result<Vec<Supplier>, Failure> {
    let mut suppliers = Vec::new();
    for number in 0..SUPPLIERS {
        let behaviour = Behaviour {
            shipping: Shipping::Whole { delay_ms: 0 },
            ..Behaviour::default()
        };
        let config = SupplierConfig {
            behaviour,
            journal_limit: 1_000_000,
            // Suppliers do not give up on us, however long the line.
            tries: 200,
            ..SupplierConfig::new(supplier_key(number), SUPPLIER_SECRET)
        };
        suppliers.push(Supplier::start(config).await?);
    }
    Ok(suppliers)
}

fn is_fulfilled(shop: &Shop, order: i64) -> bool {
    let order = shop.order(order);
    order.is_some_and(|order| order.fulfillment_status == "FULFILLED")
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

fn setup(suppliers: &[Supplier], who: Suppliers) -> String {
    let suppliers: Vec<String> = suppliers.iter().map(supplier_setup).collect();
    let shops: Vec<String> = (0..SHOPS)
        .map(|number| {
            let (one, other) = (supplier_key(number), supplier_key(number + 1));
            let of_shirt = match who {
                Suppliers::One => &one,
                Suppliers::Two => &other,
            };
            SHOP_SETUP
                .replace("{number}", &number.to_string())
                .replace("{of_shirt}", of_shirt)
                .replace("{one}", &one)
                .replace("{other}", &other)
        })
        .collect();
    format!(
        "version: 1\nsuppliers:\n{}shops:\n{}",
        suppliers.concat(),
        shops.concat()
    )
}

fn supplier_key(number: usize) -> String {
    format!("supplier{}", number % SUPPLIERS)
}

fn supplier_setup(supplier: &Supplier) -> String {
    let (key, endpoint) = (supplier.name(), supplier.endpoint());
    format!(
        r#"  - key: {key}
    name: {key}
    connector: http
    settings: {{ endpoint: "{endpoint}", secret: "{SUPPLIER_SECRET}" }}
    offers:
      - {{ sku: {key}-mug, title: Mug, cost: "4.00", currency: EUR, stock: 1000000, ships_to: [DE] }}
      - {{ sku: {key}-shirt, title: Shirt, cost: "4.00", currency: EUR, stock: 1000000, ships_to: [DE] }}
"#
    )
}

const SHOP_SETUP: &str = r"  - domain: bench{number}.myshopify.com
    automation: on
    locations: all
    connections:
      - { supplier: {one}, priority: 1, price_tolerance_pct: 2, handling_days: 1 }
      - { supplier: {other}, priority: 2, price_tolerance_pct: 2, handling_days: 1 }
    mappings:
      - variant: { sku: MUG }
        alternatives:
          - components: [ { supplier: {one}, sku: {one}-mug, quantity: 1 } ]
      - variant: { sku: SHIRT }
        alternatives:
          - components: [ { supplier: {of_shirt}, sku: {of_shirt}-shirt, quantity: 1 } ]
";

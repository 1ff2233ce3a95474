//! `orderyard demo`: the whole product against a pretend Shopify and pretend
//! suppliers, each behind a port of its own and speaking only HTTP.

mod customers;
mod world;

use std::{path::Path, time::Duration};

use sandbox::{Browser, Shopify, ShopifyConfig, Supplier};
use tokio::net::TcpListener;
use url::Url;

use super::{CommandError, serve, start};
use crate::{
    actions::{
        apply_setup::{ApplyOptions, apply_setup},
        create_api_key,
    },
    app::App,
    config::Config,
    domain::setup::plan::Unnamed,
    store,
};

/// Everything that a demo stores; a second demo starts afresh.
const FOLDER: &str = "data/demo";
/// How long the shop's products may take to be read after the installation.
const SETUP_PATIENCE: Duration = Duration::from_secs(30);

/// Runs the demo until Ctrl-C.
pub async fn run() -> Result<(), CommandError> {
    forget_last_demo()?;
    let listener = listen().await?;
    let app_url: Url = format!("http://127.0.0.1:{}", listener.local_addr()?.port()).parse()?;
    let shopify = Shopify::start(ShopifyConfig {
        app_url: Some(app_url.clone()),
        compliance_uri: Some(app_url.join("/webhooks/shopify")?.to_string()),
        first_webhook_retry: Duration::from_secs(1),
        ..ShopifyConfig::default()
    })
    .await?;
    let app = start::app(config(&shopify, &app_url)?).await?;
    app.tasks.spawn(serve::stop_on_signal(app.clone()));
    let suppliers = world::start_suppliers(&app_url).await?;
    let serving = tokio::task::spawn_blocking({
        let (app, runtime) = (app.clone(), tokio::runtime::Handle::current());
        move || runtime.block_on(serve::serve(app, listener.into()))
    });
    let shown = show(&app, &shopify, &suppliers, &app_url).await;
    app.stopping.cancel();
    for (_, supplier) in &suppliers {
        supplier.stop().await;
    }
    shopify.stop().await;
    serving.await??;
    shown
}

/// What happens while it runs: install, set up, and orders as long as nobody stops it.
async fn show(
    app: &App,
    shopify: &Shopify,
    suppliers: &[(&'static str, Supplier)],
    app_url: &Url,
) -> Result<(), CommandError> {
    let shop = world::open_shop(shopify)?;
    let install = shop
        .shop
        .install_url()
        .ok_or("the pretend Shopify does not know the app's address")?;
    let page = Browser::new()?.visit(install).await?;
    if !page.status.is_success() {
        return Err(format!("the app was not installed: {} {}", page.status, page.text).into());
    }
    println!("Installed in {} through OAuth.", shop.shop.domain());
    set_up(app, suppliers).await?;
    println!("\n  Dashboard:       {app_url}");
    println!("  Supplier portal: {}", app_url.join("/portal")?);
    println!("  The shop's own admin: {}", shopify.admin_url(shop.shop.domain()));
    println!("\nOrders arrive until Ctrl-C.\n");
    tokio::select! {
        () = app.stopping.cancelled() => {}
        never = customers::buy(&shop) => match never? {},
    }
    println!("\nThe demo ends.");
    Ok(())
}

fn forget_last_demo() -> Result<(), CommandError> {
    match std::fs::remove_dir_all(FOLDER) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{FOLDER} of the last demo cannot be removed: {error}").into())
        }
        _ => Ok(std::fs::create_dir_all(Path::new(FOLDER))?),
    }
}

/// The wanted port, or any free one where that is taken.
async fn listen() -> Result<TcpListener, CommandError> {
    let port = Config::demo_port()?;
    match TcpListener::bind(("127.0.0.1", port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind(("127.0.0.1", 0)).await?),
    }
}

fn config(shopify: &Shopify, app_url: &Url) -> Result<Config, CommandError> {
    let defaults = ShopifyConfig::default();
    let origin = shopify.origin();
    let mut config = Config::from_lookup(|name| {
        Some(match name {
            "SHOPIFY_API_KEY" => defaults.client_id.clone(),
            "SHOPIFY_API_SECRET" => defaults.client_secret.clone(),
            "SHOPIFY_APP_URL" => app_url.to_string(),
            "SHOPIFY_ORIGIN" => origin.clone(),
            "DATABASE_URL" => format!("sqlite://{FOLDER}/orderyard.db"),
            "SUPPLIER_NETWORKS" => "127.0.0.0/8".to_owned(),
            _ => return None,
        })
    })?;
    config.demo = true;
    config.server.stop_notice = Duration::ZERO;
    Ok(config)
}

/// Applies the setup file, as `orderyard apply` would, once the products are
/// known, and gives each supplier's system its key.
async fn set_up(app: &App, suppliers: &[(&'static str, Supplier)]) -> Result<(), CommandError> {
    let setup = world::setup(suppliers);
    let options = ApplyOptions {
        dry_run: false,
        unnamed: Unnamed::Keep,
    };
    let deadline = tokio::time::Instant::now() + SETUP_PATIENCE;
    loop {
        match apply_setup(app, &setup, options).await {
            Ok(changes) => {
                println!("Set up: {} changes.", changes.len());
                break;
            }
            // The shop's variants are still being read.
            Err(error) if tokio::time::Instant::now() > deadline => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    for (key, supplier) in suppliers {
        let row = store::suppliers::by_key(app.db.read(), key)
            .await?
            .ok_or("a supplier is missing")?;
        let tx = app.db.begin().await?;
        let api_key = create_api_key::for_supplier(app, &tx, row.id)?;
        tx.commit().await?;
        supplier.set_orderyard(app.config.shopify.app_url.as_str(), api_key.0);
    }
    Ok(())
}

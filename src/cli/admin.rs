//! `orderyard admin …`: what only the operator does. Each prints one secret and nothing else.

use clap::Subcommand;
use webhooks::ShopDomain;

use super::{CommandError, start};
use crate::{
    actions::create_api_key,
    store::{shops, suppliers},
};

/// What a token may be for.
const SCOPES: [&str; 2] = ["read", "write"];

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Tokens for `/graphql`.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Keys for `/supplier/v1`.
    #[command(subcommand)]
    SupplierKey(SupplierKeyCommand),
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token of a shop and print it: it is not shown again.
    Create {
        /// The shop's domain, such as demo.myshopify.com.
        #[arg(long)]
        shop: String,
        /// read or write; several separated by commas.
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum SupplierKeyCommand {
    /// Make a key of a supplier and print it: it is not shown again.
    Create {
        /// The supplier's key in the setup file, such as north.
        #[arg(long)]
        supplier: String,
    },
}

pub async fn run(command: AdminCommand) -> Result<(), CommandError> {
    match command {
        AdminCommand::Token(TokenCommand::Create { shop, scope }) => create_token(&shop, &scope).await,
        AdminCommand::SupplierKey(SupplierKeyCommand::Create { supplier }) => create_supplier_key(&supplier).await,
    }
}

async fn create_token(shop: &str, scopes: &[String]) -> Result<(), CommandError> {
    let domain = ShopDomain::parse(shop).map_err(|error| format!("--shop: {error}"))?;
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.trim()).collect();
    if let Some(unknown) = scopes.iter().find(|scope| !SCOPES.contains(scope)) {
        return Err(format!("--scope: “{unknown}” is none of {}", SCOPES.join(", ")).into());
    }
    let app = start::app_from_environment().await?;
    let shop = shops::by_domain(app.db.read(), domain.as_str()).await?;
    let shop = shop.ok_or_else(|| format!("--shop: {domain} has not installed the app"))?;
    let tx = app.db.begin().await?;
    let key = create_api_key::for_shop(&app, &tx, shop.id, &scopes).await?;
    tx.commit().await?;
    println!("{}", key.0);
    Ok(app.db.close().await?)
}

async fn create_supplier_key(supplier: &str) -> Result<(), CommandError> {
    let app = start::app_from_environment().await?;
    let row = suppliers::by_key(app.db.read(), supplier).await?;
    let row = row.ok_or_else(|| format!("--supplier: there is no supplier with the key “{supplier}”"))?;
    let tx = app.db.begin().await?;
    let key = create_api_key::for_supplier(&app, &tx, row.id).await?;
    tx.commit().await?;
    println!("{}", key.0);
    Ok(app.db.close().await?)
}

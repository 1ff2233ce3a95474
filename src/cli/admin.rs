//! `orderyard admin …`: what only the operator does. Making a secret prints it and nothing else.

use clap::Subcommand;
use webhooks::ShopDomain;

use super::{CommandError, start};
use crate::{
    actions::{create_api_key, revoke_api_key::revoke_api_key},
    app::App,
    store::{Party, api_keys, shops, suppliers},
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
    /// List a shop's tokens: id, scopes, when made, when last used.
    List {
        #[arg(long)]
        shop: String,
    },
    /// End a token: the next call that shows it is refused.
    Revoke {
        #[arg(long)]
        shop: String,
        /// As the list shows it.
        #[arg(long)]
        id: String,
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
    /// List a supplier's keys: id, when made, when last used.
    List {
        #[arg(long)]
        supplier: String,
    },
    /// End a key: the next call that shows it is refused.
    Revoke {
        #[arg(long)]
        supplier: String,
        /// As the list shows it.
        #[arg(long)]
        id: String,
    },
}

pub async fn run(command: AdminCommand) -> Result<(), CommandError> {
    match command {
        AdminCommand::Token(TokenCommand::Create { shop, scope }) => create_token(&shop, &scope).await,
        AdminCommand::Token(TokenCommand::List { shop }) => list(&Opened::shop(&shop).await?).await,
        AdminCommand::Token(TokenCommand::Revoke { shop, id }) => revoke(&Opened::shop(&shop).await?, &id).await,
        AdminCommand::SupplierKey(SupplierKeyCommand::Create { supplier }) => create_supplier_key(&supplier).await,
        AdminCommand::SupplierKey(SupplierKeyCommand::List { supplier }) => {
            list(&Opened::supplier(&supplier).await?).await
        }
        AdminCommand::SupplierKey(SupplierKeyCommand::Revoke { supplier, id }) => {
            revoke(&Opened::supplier(&supplier).await?, &id).await
        }
    }
}

/// Whose keys a command is about.
struct Opened {
    app: App,
    party: Party,
}

impl Opened {
    async fn shop(shop: &str) -> Result<Self, CommandError> {
        let domain = ShopDomain::parse(shop).map_err(|error| format!("--shop: {error}"))?;
        let app = start::app_from_environment().await?;
        let row = shops::by_domain(app.db.read(), domain.as_str()).await?;
        let row = row.ok_or_else(|| format!("--shop: {domain} has not installed the app"))?;
        let party = Party::Shop(row.id);
        Ok(Self { app, party })
    }

    async fn supplier(supplier: &str) -> Result<Self, CommandError> {
        let app = start::app_from_environment().await?;
        let row = suppliers::by_key(app.db.read(), supplier).await?;
        let row = row.ok_or_else(|| format!("--supplier: there is no supplier with the key “{supplier}”"))?;
        let party = Party::Supplier(row.id);
        Ok(Self { app, party })
    }
}

/// One key per line, its columns separated by tabs.
async fn list(of: &Opened) -> Result<(), CommandError> {
    for key in api_keys::of_party(of.app.db.read(), of.party).await? {
        let made = key.created_at.format("%Y-%m-%d");
        let used = key.last_used_at.map_or_else(
            || "never used".to_owned(),
            |at| format!("last used {}", at.format("%Y-%m-%d")),
        );
        println!("{}\t{}\tmade {made}\t{used}", key.id, key.scopes);
    }
    Ok(())
}

async fn revoke(of: &Opened, id: &str) -> Result<(), CommandError> {
    let id = id
        .parse()
        .map_err(|_| format!("--id: “{id}” is not an id; list them first"))?;
    Ok(revoke_api_key(&of.app, of.party, id).await?)
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
    let key = create_api_key::for_shop(&app, &tx, shop.id, &scopes)?;
    tx.commit().await?;
    println!("{}", key.0);
    Ok(app.db.clone().close().await?)
}

async fn create_supplier_key(supplier: &str) -> Result<(), CommandError> {
    let app = start::app_from_environment().await?;
    let row = suppliers::by_key(app.db.read(), supplier).await?;
    let row = row.ok_or_else(|| format!("--supplier: there is no supplier with the key “{supplier}”"))?;
    let tx = app.db.begin().await?;
    let key = create_api_key::for_supplier(&app, &tx, row.id)?;
    tx.commit().await?;
    println!("{}", key.0);
    Ok(app.db.clone().close().await?)
}

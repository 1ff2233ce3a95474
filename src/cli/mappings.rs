//! `orderyard mappings`: a shop's mappings as a table, to take away and to bring back.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use webhooks::ShopDomain;

use super::{CommandError, start};
use crate::{
    actions::{
        export_mappings,
        import_mappings::{self, Imported},
    },
    app::App,
    domain::{event::Actor, mapping_csv},
    ids::ShopId,
    store::shops,
};

#[derive(Debug, Subcommand)]
pub enum MappingsCommand {
    /// Print a shop's mappings as comma-separated values.
    Export(ExportArgs),
    /// Take mappings from a table. What is wrong is told row by row, and its variant stays as it was.
    Import(ImportArgs),
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[arg(long, value_name = "DOMAIN")]
    shop: String,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[arg(long, value_name = "DOMAIN")]
    shop: String,
    /// The table, or - for standard input.
    file: PathBuf,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
}

/// Who did it, in the histories of orders.
const OPERATOR: &str = "Operator";

pub async fn run(command: MappingsCommand) -> Result<(), CommandError> {
    match command {
        MappingsCommand::Export(args) => {
            let (app, shop) = opened(&args.shop, true).await?;
            let done = export(&app, shop).await;
            app.db.clone().close().await?;
            done
        }
        MappingsCommand::Import(args) => {
            let name = args.file.display().to_string();
            let bytes = read(&args.file).map_err(|error| format!("{name}: {error}"))?;
            let (app, shop) = opened(&args.shop, args.dry_run).await?;
            let actor = Actor::Staff(OPERATOR.to_owned());
            let done = import_mappings::import_mappings(&app, shop, &bytes, args.dry_run, &actor).await;
            app.db.clone().close().await?;
            tell(&name, &done?, args.dry_run)
        }
    }
}

/// For a command that only looks, or that changes something.
async fn opened(shop: &str, dry_run: bool) -> Result<(App, ShopId), CommandError> {
    let domain = ShopDomain::parse(shop).map_err(|error| format!("--shop: {error}"))?;
    let app = start::app_unless_dry(dry_run).await?;
    let row = shops::by_domain(app.db.read(), domain.as_str()).await?;
    let row = row.ok_or_else(|| format!("--shop: {domain} has not installed the app"))?;
    Ok((app, row.id))
}

/// Reads before anything else runs, so it may block. One byte more than may be is enough to see that
/// there are too many.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let most = mapping_csv::MOST_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().take(most).read_to_end(&mut bytes)?
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?
    };
    if read > mapping_csv::MOST_BYTES {
        return Err(io::Error::other("a table has at most 8 MiB: cut it into several"));
    }
    Ok(bytes)
}

/// One piece in memory at a time.
async fn export(app: &App, shop: ShopId) -> Result<(), CommandError> {
    let mut out = io::stdout().lock();
    out.write_all(mapping_csv::heading().as_bytes())?;
    let mut after = None;
    while let Some((text, last)) = export_mappings::piece(app.db.read(), shop, after).await? {
        out.write_all(text.as_bytes())?;
        after = Some(last);
    }
    Ok(out.flush()?)
}

/// Each mistake on a line of its own, so that an editor can jump to it.
fn tell(file: &str, done: &Imported, dry_run: bool) -> Result<(), CommandError> {
    for error in &done.errors {
        println!("{file}:{}: {}: {}", error.line, error.field, error.message);
    }
    if done.more_errors > 0 {
        println!("… and {} more", done.more_errors);
    }
    println!("{}", summary(done.rows, done.variants, dry_run));
    match done.errors.len() + done.more_errors {
        0 => Ok(()),
        1 => Err("one mistake; its variant stays as it was".into()),
        many => Err(format!("{many} mistakes; their variants stay as they were").into()),
    }
}

fn summary(rows: usize, variants: usize, dry_run: bool) -> String {
    let mapped = match variants {
        1 => "one variant".to_owned(),
        many => format!("{many} variants"),
    };
    if dry_run {
        format!("{rows} rows would map {mapped}; nothing was written.")
    } else {
        format!("{rows} rows: {mapped} mapped.")
    }
}

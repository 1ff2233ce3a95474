//! `orderyard apply`: makes the installation what a setup file says, and prints the difference.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{CommandError, start};
use crate::{
    actions::apply_setup::{ApplyError, ApplyOptions, apply_setup},
    domain::setup::{self, plan::Unnamed},
};

/// Larger than a file for a hundred thousand products.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// The setup file, or - for standard input.
    #[arg(required_unless_present = "print_schema")]
    file: Option<PathBuf>,
    /// Only say what would change.
    #[arg(long)]
    dry_run: bool,
    /// Withdraw offers, pause connections and remove mappings that the file does not name, of the
    /// suppliers and shops that it names.
    #[arg(long)]
    prune: bool,
    /// Print the JSON Schema of the file and do nothing else.
    #[arg(long)]
    print_schema: bool,
}

pub async fn run(args: ApplyArgs) -> Result<(), CommandError> {
    let Some(path) = args.file.filter(|_| !args.print_schema) else {
        println!("{:#}", setup::file::json_schema());
        return Ok(());
    };
    let text = read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let options = ApplyOptions {
        dry_run: args.dry_run,
        unnamed: if args.prune { Unnamed::Prune } else { Unnamed::Keep },
    };
    let app = start::app_unless_dry(args.dry_run).await?;
    let applied = apply_setup(&app, &text, options).await;
    app.db.clone().close().await?;
    let changes = applied.map_err(|error| explained(&path.display().to_string(), &error))?;
    for change in &changes {
        println!("{change}");
    }
    println!("{}", summary(changes.len(), args.dry_run));
    Ok(())
}

/// Reads before anything else runs, so it may block.
pub fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().take(MAX_FILE_BYTES).read_to_string(&mut text)?
    } else {
        File::open(path)?.take(MAX_FILE_BYTES).read_to_string(&mut text)?
    };
    if read as u64 == MAX_FILE_BYTES {
        return Err(io::Error::other("a setup file is smaller than 64 MiB"));
    }
    Ok(text)
}

/// Each mistake on a line of its own, so that an editor can jump to it.
pub fn explained(file: &str, error: &ApplyError) -> String {
    let mut text = format!("nothing was changed: {error}");
    if let ApplyError::File(problems) = error {
        for problem in problems {
            // Writing to a String does not fail.
            let _ = write!(text, "\n{file}: {problem}");
        }
    }
    text
}

fn summary(changes: usize, dry_run: bool) -> String {
    match (changes, dry_run) {
        (0, _) => "Nothing to change.".to_owned(),
        (1, true) => "One change to make; nothing was written.".to_owned(),
        (many, true) => format!("{many} changes to make; nothing was written."),
        (1, false) => "One change made.".to_owned(),
        (many, false) => format!("{many} changes made."),
    }
}

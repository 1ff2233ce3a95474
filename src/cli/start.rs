//! What every command that needs the program begins with.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::CommandError;
use crate::{
    app::App,
    clock::Clock,
    config::Config,
    seal::{Keyring, SealError},
    store::{Db, Schema},
};

/// Reads the settings, opens and migrates the database.
pub async fn app_from_environment() -> Result<App, CommandError> {
    app(Config::from_environment()?).await
}

/// The same for a command that may be told to change nothing.
pub async fn app_unless_dry(dry_run: bool) -> Result<App, CommandError> {
    if dry_run {
        app_to_look().await
    } else {
        app_from_environment().await
    }
}

/// The same for a command that only looks: the database must be there, with what this release needs.
pub async fn app_to_look() -> Result<App, CommandError> {
    let config = Config::from_environment()?;
    if let Some(path) = config.database.sqlite_path().filter(|path| !path.exists()) {
        let path = path.display();
        return Err(format!("there is no database at {path}: `orderyard serve` makes one").into());
    }
    let keyring = keyring(&config)?;
    let db = Db::open(&config.database).await?;
    if db.schema().await? == Schema::Older {
        let message = "the database's schema is older than this program, and this command changes nothing: \
            run `orderyard migrate` first, or the program that the database is of";
        return Err(message.into());
    }
    Ok(App::new(config, db, keyring, Clock::default())?)
}

/// Puts the program together from settings.
pub async fn app(config: Config) -> Result<App, CommandError> {
    let keyring = keyring(&config)?;
    let db = Db::open(&config.database).await?;
    db.migrate().await?;
    Ok(App::new(config, db, keyring, Clock::default())?)
}

fn keyring(config: &Config) -> Result<Keyring, CommandError> {
    let fresh = config.database.sqlite_path().is_none_or(|path| !path.exists());
    match &config.keyring {
        Some(keyring) => Ok(keyring.clone()),
        None => keyring_beside(config, fresh),
    }
}

/// On SQLite the key stands beside the database and is made with it. Beside
/// an existing database a missing key is an error: a new one would open nothing.
fn keyring_beside(config: &Config, fresh: bool) -> Result<Keyring, CommandError> {
    let path = config
        .database
        .sqlite_path()
        .map_or_else(|| PathBuf::from("encryption.key"), |db| db.with_extension("key"));
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Keyring::parse(&SecretString::from(text.trim().to_owned()))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && fresh => {
            let key = Keyring::generate_key();
            write_private(&path, key.expose_secret())?;
            Ok(Keyring::parse(&key)?)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(format!(
            "{} is missing beside an existing database: restore it, or set ENCRYPTION_KEY to the key that was in it",
            path.display()
        )
        .into()),
        Err(error) => Err(format!("{} cannot be read: {error} ({})", path.display(), SealError::BadKey).into()),
    }
}

fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

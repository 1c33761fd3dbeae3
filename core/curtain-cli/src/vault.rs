//! The vault that a command works on, and the clock.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use curtain::time::{NoMoment, UnixTime};
use curtain::vault::{FileKeyStore, Vault};
use etcetera::{AppStrategy, AppStrategyArgs};
use ring::rand::SystemRandom;

use crate::output::Failure;

#[derive(Debug, Args)]
pub(crate) struct VaultArgs {
    /// Folder of the vault [default: in the platform's folder for data of applications].
    #[arg(long, value_name = "DIR")]
    pub(crate) vault: Option<PathBuf>,
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

impl VaultArgs {
    /// Opens the vault that is there.
    pub(crate) fn open(&self) -> Result<Vault, Failure> {
        if Vault::is_there(&self.folder()?) {
            return self.open_or_make();
        }
        Err(Failure {
            code: "no_vault",
            message: "there is no vault in this folder: say where it is with --vault DIR, or begin one with \
                      `curtain consent new`"
                .to_owned(),
        })
    }

    /// Opens the vault; makes one where there is none.
    pub(crate) fn open_or_make(&self) -> Result<Vault, Failure> {
        let folder = self.folder()?;
        // The key's folder must be there before the key.
        Vault::make_folder(&folder)?;
        let keys = FileKeyStore::new(folder.join("vault.key"));
        Ok(Vault::open(&folder, &keys, SystemRandom::new())?)
    }

    fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.vault {
            return Ok(folder.clone());
        }
        let app = AppStrategyArgs {
            top_level_domain: "org".to_owned(),
            author: "Curtain".to_owned(),
            app_name: "curtain".to_owned(),
        };
        match etcetera::choose_app_strategy(app) {
            Ok(places) => Ok(places.in_data_dir("vault")),
            Err(_) => Err(Failure {
                code: "no_data_folder",
                message: "this system names no folder for data: give one with --vault DIR".to_owned(),
            }),
        }
    }
}

/// The time now; the one place where the command asks the clock.
pub(crate) fn now() -> Result<UnixTime, Failure> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs());
    let time = seconds.ok().and_then(|seconds| i64::try_from(seconds).ok()).map(UnixTime::new);
    match time {
        Some(Ok(now)) => Ok(now),
        _ => Err(Failure {
            code: "clock",
            message: "the clock does not say a date between 1970 and 9999: set it and try again".to_owned(),
        }),
    }
}

/// A moment until which something lasts: a day alone means its last second.
pub(crate) fn last_moment(text: &str) -> Result<UnixTime, NoMoment> {
    let moment: UnixTime = text.parse()?;
    if text.len() == "2027-12-31".len() { UnixTime::new(moment.seconds() + 86_399) } else { Ok(moment) }
}

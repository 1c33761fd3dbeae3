//! The vault that a command works on, and the clock.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use curtain::circle::{Identity, MyCircle};
use curtain::exchange::{self, Here};
use curtain::time::{NoMoment, UnixTime};
use curtain::vault::{CircleSummary, FileKeyStore, Vault};
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
        Ok(self.open_with_keys()?.0)
    }

    fn open_with_keys(&self) -> Result<(Vault, FileKeyStore), Failure> {
        if Vault::is_there(&self.folder()?) {
            return self.open_or_make_with_keys();
        }
        Err(Failure {
            code: "no_vault",
            message: "there is no vault in this folder: say where it is with --vault DIR, or begin one with \
                      `curtain identity new` or `curtain consent new`"
                .to_owned(),
        })
    }

    /// Opens the vault; makes one where there is none.
    pub(crate) fn open_or_make(&self) -> Result<Vault, Failure> {
        Ok(self.open_or_make_with_keys()?.0)
    }

    /// Opens the vault with what wraps private keys in it; makes one where there is none.
    pub(crate) fn open_or_make_with_keys(&self) -> Result<(Vault, FileKeyStore), Failure> {
        let folder = self.folder()?;
        // The key's folder must be there before the key.
        Vault::make_folder(&folder)?;
        let keys = FileKeyStore::new(folder.join("vault.key"));
        Ok((Vault::open(&folder, &keys, SystemRandom::new())?, keys))
    }

    /// Opens the vault that is there, as its owner.
    pub(crate) fn owner(&self) -> Result<Owner, Failure> {
        let (vault, keys) = self.open_with_keys()?;
        let me = vault.identity(&keys)?.ok_or_else(|| Failure {
            code: "no_identity",
            message:
                "this vault does not know whose it is: begin with `curtain identity new --name NAME`, or \
                      `curtain identity link` on a further device"
                    .to_owned(),
        })?;
        Ok(Owner { vault, keys, me, random: SystemRandom::new(), now: now()? })
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

/// An open vault, and whose it is.
pub(crate) struct Owner {
    pub(crate) vault: Vault,
    pub(crate) keys: FileKeyStore,
    pub(crate) me: Identity,
    pub(crate) random: SystemRandom,
    pub(crate) now: UnixTime,
}

impl Owner {
    /// The same, as circles that travel want it.
    pub(crate) fn here(&mut self) -> Here<'_> {
        let Self { vault, keys, me, random, now } = self;
        Here { vault, keys, me, random, now: *now }
    }

    pub(crate) fn keep(&mut self) -> Result<(), Failure> {
        Ok(self.vault.update_identity(&self.keys, &self.me)?)
    }

    /// A circle by its id, the beginning of one, or what the owner calls it.
    pub(crate) fn circle_named(&self, named: &str) -> Result<CircleSummary, Failure> {
        circle_in(&self.vault, named)
    }

    /// A circle as this device keeps it.
    pub(crate) fn kept(&self, circle: &CircleSummary) -> Result<MyCircle, Failure> {
        Ok(exchange::kept(&self.vault, &self.keys, self.me.user, circle.id)?)
    }
}

/// A circle of the vault by its id, the beginning of one, or what the owner calls it.
pub(crate) fn circle_in(vault: &Vault, named: &str) -> Result<CircleSummary, Failure> {
    let circles = vault.circles()?;
    let ids = circles.iter().filter(|circle| begins(&circle.id.to_string(), named));
    let mut found: Vec<&CircleSummary> = ids.collect();
    if found.is_empty() {
        found = circles.iter().filter(|circle| circle.name == named).collect();
    }
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure {
            code: "no_such_circle",
            message:
                "this vault has no such circle: `curtain circle list` shows all; a new one is pulled by its \
                      invitation"
                    .to_owned(),
        }),
        _ => Err(Failure {
            code: "ambiguous",
            message: "more than one circle is called so: give more digits of its id".to_owned(),
        }),
    }
}

/// Whether an id begins with what was typed: eight digits at least.
fn begins(id: &str, typed: &str) -> bool {
    typed.len() >= 8 && id.starts_with(&typed.to_ascii_lowercase())
}

/// One of `ids`, by its digits or the first eight or more of them.
pub(crate) fn chosen<T: Copy + ToString>(
    ids: impl IntoIterator<Item = T>,
    typed: &str,
    what: &'static str,
) -> Result<T, Failure> {
    let found: Vec<T> = ids.into_iter().filter(|id| begins(&id.to_string(), typed)).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Failure {
            code: "not_found",
            message: format!("there is no such {what}: give its id, or the first eight digits or more"),
        }),
        _ => Err(Failure {
            code: "ambiguous",
            message: format!("more than one {what} begins so: give more digits"),
        }),
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

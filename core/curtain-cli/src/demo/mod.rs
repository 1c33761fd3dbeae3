//! `curtain demo`: a case from the phone to the student and back, on this machine alone, with the real parts.
//!
//! Everybody who takes part is a vault of their own, and everything that they do is this very command, run as a child of this
//! process and asked for `--json`. A relay runs beside them, and all that goes to it passes a wire of this process, which
//! counts, cuts, and looks for the patient's name. Nothing leaves 127.0.0.1.

mod case;
mod check;
mod leave;
mod narrate;
mod officer;
mod people;
mod read;
mod relay;
mod send;
mod stage;
mod wire;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use crate::Outcome;
use crate::output::{self, Failure};

use check::Wrong;
use narrate::Narrator;
use stage::Stage;

/// The patient. Nobody is called so, and no place: a search for these words shows a leak anywhere.
const PATIENT: &str = "Zebedee Quillfeather";
const VILLAGE: &str = "Quagmarsh";
/// A number that is set aside for drama. [Ofcom, numbers for drama use]
const PHONE: &str = "+44 7700 900123";

/// What must be found nowhere outside the clinician's own vault, in small letters.
const WORDS: [&str; 5] = ["zebedee", "quillfeather", "quagmarsh", "7700 900123", "7700900123"];

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where all is left: a new folder, or an empty one.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Print one JSON object a step.
    #[arg(long)]
    json: bool,
    /// Keep the vaults and private keys of everybody who takes part, in `private/`. They hold the photo and the name.
    #[arg(long)]
    keep_vaults: bool,
}

pub(crate) fn run(args: &DemoArgs) -> Outcome {
    output::finish(demo(args), args.json)
}

fn demo(args: &DemoArgs) -> Result<Outcome, Failure> {
    let out = new_folder(&args.out)?;
    let mut narrator = Narrator::new(args.json);
    let began = Instant::now();
    let played = match Stage::new(&out) {
        Ok(mut stage) => {
            let played = play(&mut stage, &mut narrator);
            // The relay and the vaults go whatever happened; what could not be removed is said.
            played.and(stage.close(args.keep_vaults))
        }
        Err(wrong) => Err(wrong),
    };
    if let Err(wrong) = played {
        return Err(Failure { code: "demo", message: format!("the demo stopped: {wrong}") });
    }
    narrator.end(&output::shown(&args.out), began.elapsed(), args.keep_vaults);
    Ok(Outcome::AllDone)
}

/// Every step, in order. The first that does not do what it should is the last.
fn play(stage: &mut Stage, narrator: &mut Narrator) -> Result<(), Wrong> {
    people::play(stage, narrator)?;
    case::play(stage, narrator)?;
    send::play(stage, narrator)?;
    read::play(stage, narrator)?;
    officer::play(stage, narrator)?;
    leave::play(stage, narrator)
}

/// The folder, made if it is not there; whole, since the others start elsewhere.
fn new_folder(given: &Path) -> Result<PathBuf, Failure> {
    let cannot = |_| Failure {
        code: "out",
        message: "the folder of --out cannot be made or read: choose one that is yours".to_owned(),
    };
    std::fs::create_dir_all(given).map_err(cannot)?;
    if std::fs::read_dir(given).map_err(cannot)?.next().is_some() {
        return Err(Failure {
            code: "exists",
            message: "the folder of --out is not empty: nothing in it was touched; choose a new one"
                .to_owned(),
        });
    }
    std::fs::canonicalize(given).map_err(cannot)
}

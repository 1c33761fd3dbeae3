//! What the command line may say.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use curtain::cover::Cover;
use curtain::geometry::PixelRect;
use curtain::picture::{Encoding, Limits};
use curtain::story::Country;

use crate::circle::CircleCommand;
use crate::consent::ConsentCommand;
use crate::feed::FeedCommand;
use crate::identity::IdentityCommand;
use crate::ledger::LedgerCommand;
use crate::post::PostCommand;
use crate::sync::{OutboxCommand, SyncArgs, WithdrawCodeArgs};

/// The privacy curtain for clinical photos: strips what a file says, covers what it shows.
#[derive(Debug, Parser)]
#[command(name = "curtain", version, max_term_width = 100)]
pub(crate) struct Curtain {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what each photo gives away, in its file and in its pixels. Changes nothing.
    Inspect(InspectArgs),
    /// Write a copy of each photo with every face and text found covered, and nothing else in the file.
    Clean(CleanArgs),
    /// Cover only the regions given by hand. No detector runs; metadata is still stripped.
    Cover(CoverArgs),
    /// Find what identifies a patient in a case's text, and say or write what could stand there instead.
    Story(StoryArgs),
    /// Record consents, show how they stand, withdraw them, print receipts.
    #[command(subcommand)]
    Consent(ConsentCommand),
    /// Export and verify the log of consents.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Who you are: keys, devices, credential, recovery code. Also the desks of issuers and officers.
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// Circles: who may read. They travel through a folder, such as a shared drive or a stick.
    #[command(subcommand)]
    Circle(CircleCommand),
    /// Cases: from photos and text to a sealed post, and opening what others posted.
    #[command(subcommand)]
    Post(PostCommand),
    /// Send what waits, and take in what is new, through the relays of your circles.
    Sync(SyncArgs),
    /// What is to be sent, and what it costs.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Withdraw a case with the code of the patient's receipt, at the relay: anybody may, without a vault.
    Withdraw(WithdrawCodeArgs),
    /// Run a relay: all that follows is `curtain-relay`'s.
    #[command(disable_help_flag = true)]
    Relay(RelayArgs),
    /// Cases that others posted, on this device: list, search, read, discuss, save.
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Measure the detectors on a folder of photos with known boxes (`manifest.jsonl`).
    Eval(EvalArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RelayArgs {
    /// What `curtain-relay` takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARG")]
    pub(crate) args: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also print what the metadata says. It may name the patient: mind who reads along.
    #[arg(long)]
    pub(crate) values: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Photos: JPEG, PNG, WebP or GIF.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Photos: JPEG, PNG, WebP or GIF.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CoverArgs {
    /// A region to cover, in pixels of the upright picture. May be given many times.
    #[arg(long = "region", required = true, value_name = "X,Y,W,H", value_parser = region)]
    pub(crate) regions: Vec<PixelRect>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// The photo.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// How to cover: a smooth veil from the surroundings, or one colour.
    #[arg(long = "cover", value_enum, default_value_t = CoverStyle::Veil)]
    pub(crate) style: CoverStyle,
    /// The format of the output.
    #[arg(long, value_enum, default_value_t = OutputFormat::Jpeg)]
    pub(crate) format: OutputFormat,
    /// Also write a contact sheet of all photos before and after, with the boxes drawn. It shows
    /// the patient: keep it private.
    #[arg(long, value_name = "FILE.jpg")]
    pub(crate) sheet: Option<PathBuf>,
    /// Folder for the cleaned photos; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StoryArgs {
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the text with everything replaced that was found, and nothing else. One text, or with --json.
    #[arg(long)]
    pub(crate) apply: bool,
    /// Where the texts were written: a language with its country, en-IN, or the country, IN.
    #[arg(long, value_name = "LOCALE", value_parser = country)]
    pub(crate) locale: Option<Country>,
    /// Write later dates as days since the first one of the text, not as years.
    #[arg(long)]
    pub(crate) intervals: bool,
    /// Terms of this case to look for, one a line: `name: ...`, `facility: ...`, `place: ...`, `number: ...`.
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
    /// Texts in UTF-8; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

impl StoryArgs {
    /// What no single argument can be refused for.
    pub(crate) fn check(&self) -> Result<(), clap::Error> {
        let refused = |kind, message| Err(Curtain::command().error(kind, message));
        if self.apply && !self.json && self.files.len() > 1 {
            return refused(ErrorKind::TooManyValues, "--apply takes one text, or write --json as well");
        }
        if self.files.iter().chain(&self.known).filter(|file| file.as_os_str() == "-").count() > 1 {
            return refused(ErrorKind::TooManyValues, "standard input, -, can be read once");
        }
        Ok(())
    }
}

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder with `manifest.jsonl` and the photos that it names.
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// Refuse pictures of more than this many million pixels.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    max_megapixels: u16,
    /// Refuse pictures whose decoded samples take more than this many MiB.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=16384))]
    max_memory: u16,
}

impl LimitArgs {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            pixels: u64::from(self.max_megapixels) * 1_000_000,
            decode_bytes: u64::from(self.max_memory) << 20,
            ..Limits::default()
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CoverStyle {
    Veil,
    Solid,
}

impl From<CoverStyle> for Cover {
    fn from(style: CoverStyle) -> Self {
        match style {
            CoverStyle::Veil => Self::Veil,
            CoverStyle::Solid => Self::Solid,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum OutputFormat {
    Jpeg,
    Png,
}

impl From<OutputFormat> for Encoding {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Jpeg => Self::DIAGNOSTIC,
            OutputFormat::Png => Self::Png,
        }
    }
}

pub(crate) fn region(text: &str) -> Result<PixelRect, String> {
    let numbers: Vec<u32> = text
        .split(',')
        .map(|part| part.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|_| "write X,Y,W,H in whole pixels, for example 120,80,400,300".to_owned())?;
    match numbers[..] {
        [x, y, width, height] if width > 0 && height > 0 => Ok(PixelRect::new(x, y, width, height)),
        [_, _, _, _] => Err("width and height must be at least 1".to_owned()),
        _ => Err("write four numbers: X,Y,W,H".to_owned()),
    }
}

/// The country of a language tag that names one, or of its two capital letters alone. [BCP 47, 2.1]
pub(crate) fn country(tag: &str) -> Result<Country, String> {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let letters = |part: &str, long: &[usize]| {
        long.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    let found = if letters(language, &[2]) && language == language.to_ascii_uppercase() && tag.len() == 2 {
        Some(language)
    } else if letters(language, &[2, 3, 4, 5, 6, 7, 8]) {
        // Between language and country may stand a dialect's language and a script.
        parts.by_ref().find(|part| !letters(part, &[3, 4])).filter(|part| letters(part, &[2]))
    } else {
        None
    };
    let well_formed =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let rest = parts.all(well_formed);
    found.filter(|_| rest).and_then(Country::new).ok_or_else(|| {
        "write a language with its country, for example en-IN, or the country in capitals, for example IN"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_a_country_or_is_refused() {
        for tag in [
            "IN",
            "en-IN",
            "en-in",
            "hi-Deva-IN",
            "zh-cmn-Hans-IN",
            "en-IN-x-private",
            "fil-IN",
            "en-IN-u-nu-latn",
        ] {
            assert_eq!(country(tag), Ok(Country::new("IN").unwrap()), "{tag}");
        }
        for tag in [
            "",
            "-",
            "en",
            "in",
            "I",
            "IND",
            "en-",
            "en--IN",
            "-IN",
            "en_IN",
            "es-419",
            "en-IN-",
            "en-u-nu-latn",
            "x-IN-1é",
            "en-IN-toolongtag",
            "12-IN",
            "e-IN",
            "en IN",
        ] {
            assert!(country(tag).is_err(), "{tag}");
        }
    }
}

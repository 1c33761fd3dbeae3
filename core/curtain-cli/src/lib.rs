//! The `curtain` command as a function: it prints, and decides nothing.
//!
//! Results go to standard output, one object a line with `--json`; errors and warnings go to
//! standard error. Exit status: 0 all done; 1 something was refused or failed, the rest was done; 2
//! the command was not understood.

mod args;
mod circle;
mod clean;
mod consent;
mod eval;
mod feed;
mod identity;
mod inspect;
mod ledger;
pub mod network;
mod output;
mod post;
mod sheet;
mod story;
mod sync;
mod vault;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Command, Curtain};

/// Exit status where something was refused or failed.
const SOMETHING_FAILED: u8 = 1;

/// Whether every file was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    AllDone,
    SomethingFailed,
}

/// Runs the command with `args`, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // A decoder's panic is caught in the library and reported as an error of that file; its own
    // words must not reach the terminal, since they may quote the file.
    std::panic::set_hook(Box::new(|_| {}));
    let command = match Curtain::try_parse_from(args) {
        Ok(curtain) => curtain.command,
        Err(error) => return usage(&error),
    };
    if let Command::Story(args) = &command
        && let Err(error) = args.check()
    {
        return usage(&error);
    }
    if let Command::Relay(args) = command {
        return curtain_relay::run(std::iter::once(OsString::from("curtain relay")).chain(args.args));
    }
    let outcome = std::panic::catch_unwind(|| match command {
        Command::Inspect(args) => inspect::run(&args),
        Command::Clean(args) => clean::run(&args),
        Command::Cover(args) => clean::run_cover(&args),
        Command::Story(args) => story::run(&args),
        Command::Consent(command) => consent::run(&command),
        Command::Ledger(command) => ledger::run(&command),
        Command::Identity(command) => identity::run(&command),
        Command::Circle(command) => circle::run(&command),
        Command::Post(command) => post::run(&command),
        Command::Sync(args) => sync::run(&args),
        Command::Outbox(command) => sync::run_outbox(&command),
        Command::Withdraw(args) => sync::run_withdraw(&args),
        Command::Feed(command) => feed::run(&command),
        Command::Eval(args) => eval::run(&args),
        Command::Relay(_) => Outcome::SomethingFailed,
    });
    match outcome {
        Ok(Outcome::AllDone) if output::report_is_whole() => ExitCode::SUCCESS,
        Ok(Outcome::AllDone) => {
            output::warn("the report could not be written in full: check what standard output goes to");
            ExitCode::from(SOMETHING_FAILED)
        }
        Ok(Outcome::SomethingFailed) => ExitCode::from(SOMETHING_FAILED),
        Err(_) => {
            output::warn("curtain stopped on an error of its own: nothing unfinished was released");
            ExitCode::from(SOMETHING_FAILED)
        }
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    // Printing fails only where there is no terminal left to tell.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

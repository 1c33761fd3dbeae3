//! The `curtain` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    curtain_cli::run(std::env::args_os())
}

//! `curtain-relay`.

use std::process::ExitCode;

fn main() -> ExitCode {
    curtain_relay::run(std::env::args_os())
}

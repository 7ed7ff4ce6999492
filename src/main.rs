//! The `dateline` command: parse, wire, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    dateline::cli::main(std::env::args_os(), &dateline::wire::World)
}

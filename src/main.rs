//! The `dateline` command: parse, wire, run, exit code.

use std::process::ExitCode;

/// Rendering makes and drops many small texts; this allocator is quicker at it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    dateline::cli::main(std::env::args_os(), &dateline::wire::World)
}

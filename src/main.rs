//! Dateline's command.

fn main() {}

//! Asks the linker for short relative relocations, where the C library of this
//! machine can read them.
//!
//! A service stays in memory for years. Without this, two and a half megabytes of
//! a list that is read once at the start stay with it, and in the file.

use std::process::Command;

/// The first glibc that reads them.
const READS_RELR: (u32, u32) = (2, 36);

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if is_built_for_here() && glibc().is_some_and(|version| version >= READS_RELR) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether it is to run where it is built, as far as can be known, on glibc.
fn is_built_for_here() -> bool {
    let set = |name| std::env::var(name).unwrap_or_default();
    set("CARGO_CFG_TARGET_OS") == "linux"
        && set("CARGO_CFG_TARGET_ENV") == "gnu"
        && set("TARGET") == set("HOST")
}

/// As `getconf` tells: `glibc 2.41`.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

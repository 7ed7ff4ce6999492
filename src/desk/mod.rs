//! The desk: what a press officer can do, as functions both faces share.
//!
//! A use case takes plain values and gives plain values; it prints nothing and
//! reads no argument. Which store is behind it, only `wire` knows.

pub mod accounts;
pub mod agreements;
pub mod approval;
pub mod audience;
pub mod background;
mod bounce_files;
pub mod bounces;
pub mod check;
pub mod contacts;
pub mod correct;
pub mod course;
pub mod demo;
pub mod dkim;
pub mod embargo;
mod error;
pub mod import;
pub mod import_report;
pub mod in_doubt;
pub mod inbox;
pub mod init;
pub mod keys;
pub mod live;
pub mod lmtp;
pub mod log;
mod log_map;
pub mod mailbox;
pub mod merge;
mod password;
pub mod people;
pub mod preview;
pub mod privacy;
pub mod publications;
pub mod reader_pages;
pub mod readers;
pub mod rehearsal;
pub mod rehearsals;
pub mod relay;
pub mod releases;
pub mod retention;
pub mod review;
pub mod schedule;
pub mod second_factor;
pub mod segments;
pub mod send;
pub mod service;
mod siblings;
pub mod slow;
mod spots;
pub mod status;
pub mod store;
pub mod suppression;
mod tallies;
pub mod tokens;
pub mod traces;
pub mod uploads;
pub mod workspace;

pub use error::DeskError;
pub use workspace::{Desk, Wiring};

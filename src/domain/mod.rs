//! The ground floor: Dateline's rules as pure functions of values and `now`.
//!
//! Every other room may call this one; it calls none of them. No I/O, no
//! runtime, no clock: time is always an argument. A rule about who may have a
//! release, in which language, and when, stands here or nowhere.

pub mod account;
pub mod address;
pub mod agreement;
pub mod alias;
pub mod approval;
pub mod audience;
pub mod bounce;
pub mod bounce_search;
pub mod breaker;
pub mod clock_guard;
pub mod contact;
pub mod contact_edit;
pub mod contact_fields;
pub mod contact_search;
pub mod country;
pub mod course;
pub mod database;
pub mod delivery;
pub mod distribution;
pub mod embargo;
pub mod encryption;
pub mod erasure;
pub mod forecast;
pub mod header_text;
pub mod ids;
pub mod import_record;
pub mod inbox;
pub mod language;
pub mod likeness;
pub mod link;
pub mod localized;
pub mod log;
pub mod log_search;
pub mod merge;
pub mod newsroom;
pub mod opt_out_word;
pub mod outcomes;
pub mod pace;
pub mod person;
pub mod problem;
pub mod publication;
pub mod relay;
pub mod release;
pub mod reply;
pub mod retention;
pub mod retry;
pub mod return_path;
pub mod routing;
pub mod said;
pub mod schedule;
pub mod segment;
pub mod send_window;
mod signed_name;
pub mod staleness;
pub mod suppression;
pub mod tempo;
pub mod token;
pub mod unclear;
pub mod waiting;
pub mod zone;

#[cfg(test)]
mod promise_tests;

//! The integration tests, in one binary: the real command line, real SMTP on
//! loopback, real SQLite and real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test that cannot go on says where; tables of cases are long"
)]

mod architecture;
mod bad_input;
mod bounces;
mod cluster;
mod cut;
mod day;
mod disk;
mod dkim;
mod encryption;
mod false_mailbox;
mod faults;
mod flow;
mod gnupg;
mod harm;
mod held;
mod imports;
mod kill;
mod later;
mod lmtp_socket;
mod log;
mod look;
mod machines;
mod merge;
mod mime;
mod parity;
mod people;
mod post;
mod post_office;
mod privacy;
mod promises;
mod relay_faults;
mod relays;
mod said;
mod schedule;
mod service;
mod store;
mod support;
mod web;

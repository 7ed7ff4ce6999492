//! The integration tests, in one binary: the real command line, real SMTP on
//! loopback, real SQLite.

mod architecture;
mod bad_input;
mod flow;
mod log;
mod look;
mod mime;
mod relay_faults;
mod support;

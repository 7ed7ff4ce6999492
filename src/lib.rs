//! tmp
pub mod clock;
pub mod config;
pub mod domain;
pub mod entropy;
pub mod intake;
pub mod relay;
pub mod render;
pub mod store;
pub mod toml_reader;

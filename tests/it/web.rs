//! The desk over real HTTP, against a real `dateline serve`.

mod api;
mod bounces;
mod browser;
mod doors;
mod duplicates;
mod imports;
mod live;
mod log;
mod news;
mod people;
mod readers;
mod releases;
mod rules;
mod said;
mod sending;
mod walk;

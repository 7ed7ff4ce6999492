//! How quickly the desk's pages answer where there is much behind them: see README.md.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program to measure with, not a part of the product"
)]

mod client;
#[path = "../shared/newsroom.rs"]
#[expect(dead_code, reason = "other benchmarks use more of it")]
mod house;
mod newsroom;
mod pages;
mod scene;
mod service;
#[path = "../shared/sink.rs"]
mod sink;
mod tables;
mod walk;

use anyhow::{Context, Result};
use client::{Caller, Client};
use newsroom::{ENTRIES, PASSWORD, UNDER_WAY, USERS};
use scene::Scene;
use service::Service;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use tables::{Limits, table, verdict};

/// How long somebody who clicks quickly looks at a page.
const THINK: Duration = Duration::from_millis(200);
/// How long the first walk lasts, which does not count.
const WARM_UP: Duration = Duration::from_secs(30);
/// Mails a second of the distribution that is under way meanwhile.
const RATE: f64 = 5.0;
/// What must hold.
const LIMITS: Limits = Limits {
    p95: Duration::from_millis(100),
    first_paint: 100_000,
};

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(measure()));
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("desk: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Seconds of each walk.
fn seconds() -> Result<u64> {
    match std::env::var("DATELINE_BENCH_SECONDS") {
        Ok(text) => text
            .parse()
            .with_context(|| format!("DATELINE_BENCH_SECONDS={text} is no number")),
        Err(_) => Ok(90),
    }
}

async fn measure() -> Result<bool> {
    let span = Duration::from_secs(seconds()?);
    let workspace = newsroom::ready()?;
    let token = newsroom::token(&workspace)?;
    let sink = sink::Sink::start(newsroom::refusal);
    newsroom::relay(&workspace, sink.port, Some(RATE))?;
    let service = Service::start(&workspace)?;
    go_on(&workspace, &sink).await?;
    let mut first = Client::new(&service.address, &token)?;
    first.sign_in(&newsroom::user(0), PASSWORD).await?;
    let scene = Scene::look(&workspace, &first).await?;
    anyhow::ensure!(
        scene.entries >= ENTRIES,
        "the log has only {} entries",
        scene.entries
    );
    let pages = Rc::new(wanted(pages::pages(&scene)?));
    let walkers = scene::walkers(&service.address, &token).await?;
    println!(
        "{} pages, {} contacts, {} entries, {USERS} users",
        pages.len(),
        newsroom::CONTACTS,
        scene.entries
    );
    let before = sink.begun.lock().unwrap().len();
    // What a service works out once in its life is there when the count begins.
    walk::walk(&walkers, &pages, THINK, span.min(WARM_UP)).await?;
    let mut good = true;
    for (what, think) in [
        ("200 ms to look at a page", THINK),
        ("no time to look at a page", Duration::ZERO),
    ] {
        let walk = walk::walk(&walkers, &pages, think, span).await?;
        println!("\n### {what}\n\n{}", table(&pages, &walk, &LIMITS));
        if think == THINK {
            good &= verdict(&pages, &walk, &LIMITS);
        }
    }
    let sent = sink.begun.lock().unwrap().len() - before;
    let (now, most) = service.memory()?;
    println!("\n{sent} mails were sent meanwhile; the service has {now} MiB, and had {most} MiB");
    good &= first_paint(&first, &scene).await?;
    Ok(good)
}

/// Pages whose name holds what was asked for; all where nothing was.
fn wanted(mut pages: Vec<pages::Page>) -> Vec<pages::Page> {
    let asked = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    pages.retain(|page| asked.as_ref().is_none_or(|asked| page.name.contains(asked)));
    pages
}

/// What fell due while no service was there is held: it goes on. Waits until it does.
async fn go_on(workspace: &std::path::Path, sink: &sink::Sink) -> Result<()> {
    for one in newsroom::told(workspace, &["status"])? {
        if one["release"] == UNDER_WAY && one["course"] == "held" {
            let id = one["id"].as_str().unwrap_or_default();
            house::run(workspace, &["resume", id, "--why", "measured"])?;
        }
    }
    for _ in 0..600 {
        if !sink.begun.lock().unwrap().is_empty() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("nothing is sent: the distribution of {UNDER_WAY} is not under way")
}

/// What a browser must have before the first page shows: the page and its style;
/// the script does not keep it waiting, and is counted all the same.
async fn first_paint(client: &Client, scene: &Scene) -> Result<bool> {
    let mut whole = client.get(Caller::Desk, "/releases", false).await?.octets;
    for asset in &scene.assets {
        whole += client.get(Caller::Stranger, asset, false).await?.octets;
    }
    println!(
        "first paint of /releases: {whole} octets with style and script (at most {})",
        LIMITS.first_paint
    );
    Ok(whole <= LIMITS.first_paint)
}

//! How fast rendering and choosing an audience are: `cargo bench --bench pipeline`.
//! See benches/README.md; sending is measured by `--bench throughput`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to measure with, not a part of the product"
)]

#[path = "shared/newsroom.rs"]
mod newsroom;

use dateline::dispatch::composer::{Composer, probe_deliveries};
use dateline::dispatch::content::FrozenContent;
use dateline::render::KitSources;
use newsroom::{SEGMENT, median};
use std::path::Path;
use std::time::{Duration, Instant};

const SHORT: &str = "2026-11-24-open-levels";
const EMBARGOED: &str = "2027-03-11-river-defenders";
const RUNS: usize = 3;

fn main() {
    let wanted = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    for (name, part) in [("compose", compose as fn()), ("audience", audience)] {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            println!("== {name}");
            part();
        }
    }
}

/// Render and compose on one core, for each language of the sample release.
fn compose() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = newsroom::init(&folder.path().join("w")).unwrap();
    for release in [SHORT, EMBARGOED] {
        let composer = Composer::new(frozen(&workspace, release)).unwrap();
        let now = jiff::Timestamp::from_second(1_790_000_000).unwrap();
        let deliveries: Vec<_> = probe_deliveries(&frozen(&workspace, release), now)
            .into_iter()
            .filter(|delivery| delivery.languages.len() == 1)
            .collect();
        let (mut octets, mut mails) = (0, 0);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            for delivery in &deliveries {
                octets += composer.compose(delivery, now).unwrap().1.size();
                mails += 1;
            }
        }
        let rate = f64::from(mails) / begun.elapsed().as_secs_f64();
        println!(
            "{release}: {rate:.0} mails/s on one core, {} octets each with its files (target 10,000/s)",
            octets / usize::try_from(mails).unwrap()
        );
    }
}

/// `dateline audience` over 100,000 contacts in three languages.
fn audience() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = newsroom::plain(&folder.path().join("w")).unwrap();
    let readers = [
        ("KZ", "ru;en", "Asia/Almaty"),
        ("FR", "fr", "Europe/Paris"),
        ("KZ", "en", ""),
    ];
    newsroom::import(&workspace, 100_000, |n| {
        let (country, languages, zone) = readers[n as usize % readers.len()];
        newsroom::reader(n, country, languages, zone)
    })
    .unwrap();
    let ask = ["audience", SHORT, "--to", SEGMENT, "--format", "json"];
    let times: Vec<f64> = (0..RUNS)
        .map(|_| timed(|| newsroom::run(&workspace, &ask).unwrap()))
        .collect();
    println!(
        "100,000 contacts: {:.2} s (median of {RUNS}; target 2 s)",
        median(times)
    );
}

fn frozen(workspace: &Path, release: &str) -> FrozenContent {
    let (settings, _) = dateline::config::load(workspace, &|_| None).unwrap();
    let folder = workspace.join("releases").join(release);
    let loaded = dateline::intake::load_release(workspace, &folder, &settings.limits, false)
        .value
        .unwrap();
    let mut files = loaded.files;
    if let Some(logo) = &settings.newsroom.logo {
        files.insert(logo.clone(), std::fs::read(workspace.join(logo)).unwrap());
    }
    FrozenContent {
        newsroom: settings.newsroom,
        release: loaded.release,
        kit: KitSources::load("press-release", None).unwrap(),
        files,
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

//! Twenty who walk: each asks for the next page when the last has come.

use crate::client::{Answer, Client};
use crate::pages::Page;
use anyhow::{Context, Result, ensure};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Takes the place of an address that each walker has their own of.
pub(crate) const OWN: &str = "upload";

/// How a page fared.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fared {
    pub(crate) took: Vec<Duration>,
    /// The most that one answer had.
    pub(crate) octets: u64,
}

impl Fared {
    /// The time within which so many of a hundred were answered.
    pub(crate) fn percentile(&self, of: usize) -> Duration {
        let last = self.took.len().saturating_sub(1);
        let place = (self.took.len() * of).div_ceil(100).saturating_sub(1);
        self.took.get(place.min(last)).copied().unwrap_or_default()
    }
}

/// How a walk went.
#[derive(Debug)]
pub(crate) struct Walk {
    /// For each page, in their order.
    pub(crate) pages: Vec<Fared>,
    pub(crate) lasted: Duration,
}

/// Has all of them walk for so long, each with so much time to look at a page.
pub(crate) async fn walk(
    walkers: &[(Client, Option<String>)],
    pages: &Rc<Vec<Page>>,
    think: Duration,
    span: Duration,
) -> Result<Walk> {
    let begun = Instant::now();
    let tasks = tokio::task::LocalSet::new();
    let all: Vec<_> = walkers
        .iter()
        .enumerate()
        .map(|(n, (client, own))| {
            let walker = Walker {
                n,
                client: client.clone(),
                own: own.clone(),
                pages: Rc::clone(pages),
            };
            tasks.spawn_local(walker.walk(think, begun + span))
        })
        .collect();
    tasks.await;
    let mut fared = vec![Fared::default(); pages.len()];
    for one in all {
        for (whole, own) in fared.iter_mut().zip(one.await??) {
            whole.took.extend(own.took);
            whole.octets = whole.octets.max(own.octets);
        }
    }
    fared.iter_mut().for_each(|page| page.took.sort_unstable());
    Ok(Walk {
        pages: fared,
        lasted: begun.elapsed(),
    })
}

struct Walker {
    n: usize,
    client: Client,
    own: Option<String>,
    pages: Rc<Vec<Page>>,
}

impl Walker {
    async fn walk(self, think: Duration, end: Instant) -> Result<Vec<Fared>> {
        let mut fared = vec![Fared::default(); self.pages.len()];
        // Everybody begins elsewhere and has a stride of their own, so that no two
        // walk together; a prime stride leads to every page.
        let stride = [7, 11, 13, 17, 19, 23, 29, 31][self.n % 8];
        let stride = if self.pages.len().is_multiple_of(stride) {
            1
        } else {
            stride
        };
        let mut place = self.n * 37 % self.pages.len();
        for round in 0.. {
            place = (place + stride) % self.pages.len();
            if Instant::now() >= end {
                break;
            }
            if let Some(answer) = self.visit(&self.pages[place], round).await? {
                fared[place].took.push(answer.took);
                fared[place].octets = fared[place].octets.max(answer.octets);
                tokio::time::sleep(think).await;
            }
        }
        Ok(fared)
    }

    async fn visit(&self, page: &Page, round: usize) -> Result<Option<Answer>> {
        let path = &page.paths[(self.n * 13 + round) % page.paths.len()];
        let path = match (path.as_str(), &self.own) {
            (OWN, Some(own)) => own,
            (OWN, None) => return Ok(None),
            _ => path,
        };
        let answer = self.client.get(page.who, path, page.pieces).await;
        let answer = answer.with_context(|| format!("GET {path}"))?;
        let text = || {
            String::from_utf8_lossy(&answer.body)
                .chars()
                .take(2_000)
                .collect::<String>()
        };
        ensure!(
            matches!(answer.status, 200 | 303 | 307),
            "GET {path}: {}: {}",
            answer.status,
            text()
        );
        Ok(Some(answer))
    }
}

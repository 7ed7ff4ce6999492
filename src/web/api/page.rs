//! Lists in pages: each page names the place after which the next begins, so
//! that what comes in meanwhile shifts nothing.

use super::problem::Problem;
use crate::web::fields;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};

/// How many are on a page where nobody says.
const USUAL: u16 = 100;
/// The most.
const MOST: u16 = 500;

/// How many a page holds at most: 1 to 500.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
pub(super) struct Limit(u16);

impl Default for Limit {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl TryFrom<u16> for Limit {
    type Error = String;
    fn try_from(limit: u16) -> Result<Self, String> {
        if (1..=MOST).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err(format!("`limit` is {limit}; expected 1 to {MOST}"))
        }
    }
}

impl Limit {
    /// As a number.
    pub(super) fn count(self) -> usize {
        usize::from(self.0)
    }

    /// One more than a page holds, to know whether more follow.
    pub(super) fn and_one(self) -> u32 {
        fields::one_more(self.count())
    }
}

/// Which part of a list that is only turned over.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Those after this place, which the page before named.
    pub(super) after: Option<String>,
    /// At most so many.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 500, required = false)]
    pub(super) limit: Limit,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Page<T> {
    /// What is on it.
    items: Vec<T>,
    /// What to give as `after` for the next; null where this is the last.
    next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts what was found, one more where more follow, to a page.
    pub(super) fn cut<F>(
        mut found: Vec<F>,
        limit: Limit,
        place: impl Fn(&F) -> String,
        show: impl Fn(F) -> T,
    ) -> Self {
        let next = fields::cut(&mut found, limit.count()).map(place);
        Self {
            items: found.into_iter().map(show).collect(),
            next,
        }
    }

    /// A part of a list, and the place after which the next begins.
    pub(super) fn part(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next }
    }

    /// All there is, on one page.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self::part(items, None)
    }
}

/// The place that a page before named.
///
/// # Errors
/// It is none of ours.
pub(super) fn place<T: FromStr>(after: Option<&str>) -> Result<Option<T>, Problem> {
    let read = |text: &str| {
        text.parse().map_err(|_| {
            Problem::request(format!(
                "`after` is `{}`; expected what a page named as `next`",
                text.escape_debug()
            ))
        })
    };
    after.map(read).transpose()
}

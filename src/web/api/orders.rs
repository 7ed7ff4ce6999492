//! Orders, as a call gives them: whom, when, and what was seen before.

use super::given::{object, whole};
use super::page::Limit;
use super::problem::Problem;
use crate::desk::review::Expected;
use crate::desk::schedule;
use crate::desk::send::Order;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// When a release is to be sent; now, where nothing is said. At most one of
/// `at`, `at_local` and `on_lift`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    /// Not before this time: RFC 9557 with a zone, RFC 3339, or a local time on
    /// the newsroom's clock.
    #[serde(default)]
    at: Option<String>,
    /// At this time of each contact's own clock: `HH:MM`, with or without a day.
    #[serde(default)]
    at_local: Option<String>,
    /// At the lift, for everybody.
    #[serde(default)]
    on_lift: bool,
    /// Local hours, in place of the newsroom's: `mon-fri 09:00-18:00`.
    #[serde(default)]
    window: Option<String>,
    /// How much later each further segment starts: `10m`.
    #[serde(default)]
    wave_gap: Option<String>,
    /// From this time on it is stale, written as `at`.
    #[serde(default)]
    not_after: Option<String>,
}

impl When {
    /// As the desk takes it.
    ///
    /// # Errors
    /// Two starts, or a gap that is no duration.
    fn read(self) -> Result<schedule::When, Problem> {
        let starts = [self.at.is_some(), self.at_local.is_some(), self.on_lift];
        if starts.iter().filter(|given| **given).count() > 1 {
            return Err(Problem::request(
                "`at`, `at_local` and `on_lift` exclude each other; expected one of them at most",
            ));
        }
        let gap = self.wave_gap.as_deref().map(crate::config::duration);
        let gap = gap.transpose();
        Ok(schedule::When {
            at: self.at,
            at_local: self.at_local,
            on_lift: self.on_lift,
            window: self.window,
            wave_gap: gap.map_err(|error| Problem::request(format!("`wave_gap`: {error}")))?,
            not_after: self.not_after,
        })
    }
}

/// A release to be rehearsed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rehearsing {
    /// Segments asked for; `list:NAME` is a press list.
    #[schema(min_items = 1, example = json!(["wires"]))]
    to: Vec<String>,
    /// Segments left out.
    #[serde(default)]
    not: Vec<String>,
    /// Also to those who have it already.
    #[serde(default)]
    again: bool,
    /// When.
    #[serde(default, deserialize_with = "object")]
    when: When,
}

impl Rehearsing {
    pub(super) fn order(self, release: String) -> Result<Order, Problem> {
        Ok(Order {
            release,
            to: self.to,
            not: self.not,
            again: self.again,
            when: self.when.read()?,
            ..Order::default()
        })
    }
}

/// A release to be sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Sending {
    /// Segments asked for; `list:NAME` is a press list.
    #[schema(min_items = 1, example = json!(["wires"]))]
    to: Vec<String>,
    /// Segments left out.
    #[serde(default)]
    not: Vec<String>,
    /// Also to those who have it already.
    #[serde(default)]
    again: bool,
    /// When.
    #[serde(default, deserialize_with = "object")]
    when: When,
    /// Somebody took note that the languages are not level.
    #[serde(default)]
    parity_ok: bool,
    /// So many recipients were seen in the audience; are there others by now,
    /// nothing is planned.
    #[serde(default, deserialize_with = "whole")]
    expect: Option<u64>,
    /// The hash of the content that was seen, as `clearance` tells it; was it
    /// edited since, nothing is planned.
    #[serde(default)]
    content: Option<String>,
}

impl Sending {
    pub(super) fn order(self, release: String) -> Result<Order, Problem> {
        Ok(Order {
            release,
            to: self.to,
            not: self.not,
            again: self.again,
            when: self.when.read()?,
            parity_ok: self.parity_ok,
            expected: Expected {
                included: self.expect,
                content: self.content,
            },
        })
    }
}

/// Whose audience is looked at.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Looking {
    /// Segments asked for; `list:NAME` is a press list.
    #[param(min_items = 1)]
    to: Vec<String>,
    /// Segments left out.
    #[serde(default)]
    #[param(required = false)]
    not: Vec<String>,
    /// Also those who have it already.
    #[serde(default)]
    #[param(required = false)]
    again: bool,
    /// Only those whom a segment asked for holds.
    #[serde(default)]
    #[param(required = false)]
    pub(super) selected: bool,
    /// Not before this time.
    at: Option<String>,
    /// At this time of each contact's own clock.
    at_local: Option<String>,
    /// At the lift, for everybody.
    #[serde(default)]
    #[param(required = false)]
    on_lift: bool,
    /// Local hours, in place of the newsroom's.
    window: Option<String>,
    /// How much later each further segment starts.
    wave_gap: Option<String>,
    /// From this time on it is stale.
    not_after: Option<String>,
    /// Contacts after this address.
    pub(super) after: Option<String>,
    /// At most so many contacts.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 500, required = false)]
    pub(super) limit: Limit,
}

impl Looking {
    pub(super) fn order(&self, release: String) -> Result<Order, Problem> {
        let own = self.clone();
        let when = When {
            at: own.at,
            at_local: own.at_local,
            on_lift: own.on_lift,
            window: own.window,
            wave_gap: own.wave_gap,
            not_after: own.not_after,
        };
        Ok(Order {
            release,
            to: own.to,
            not: own.not,
            again: own.again,
            when: when.read()?,
            ..Order::default()
        })
    }
}

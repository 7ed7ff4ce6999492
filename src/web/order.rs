//! An order as a form gives it: the same fields on the audience page, the review
//! and the buttons that rehearse, approve and send.

use super::fields::{given, query};
use crate::desk::DeskError;
use crate::desk::review::Expected;
use crate::desk::schedule::When;
use crate::desk::send::Order;
use crate::said;
use serde::Deserialize;
use serde_json::{Value, json};

/// The fields.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct OrderForm {
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    again: String,
    #[serde(default)]
    start: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    window: String,
    #[serde(default)]
    wave_gap: String,
    #[serde(default)]
    not_after: String,
    #[serde(default)]
    parity_ok: String,
    #[serde(default)]
    expect: String,
    #[serde(default)]
    content: String,
}

impl OrderForm {
    /// Whether anybody is asked for.
    pub(super) fn is_begun(&self) -> bool {
        !self.to.is_empty()
    }

    /// The order that it gives.
    ///
    /// # Errors
    /// The gap between segments is no duration.
    pub(super) fn order(&self, release: &str) -> Result<Order, DeskError> {
        let at = given(&self.at);
        let gap = given(&self.wave_gap).map(|text| crate::config::duration(&text));
        let gap = gap.transpose();
        Ok(Order {
            release: release.to_owned(),
            to: self.to.clone(),
            not: self.not.clone(),
            again: self.again == "yes",
            when: When {
                at: at.clone().filter(|_| self.start == "at"),
                at_local: at.filter(|_| self.start == "local"),
                on_lift: self.start == "lift",
                window: given(&self.window),
                wave_gap: gap
                    .map_err(|error| DeskError::request(said!("--wave-gap: {error}", error)))?,
                not_after: given(&self.not_after),
            },
            parity_ok: self.parity_ok == "yes",
            expected: Expected {
                included: self.expect.trim().parse().ok(),
                content: given(&self.content),
            },
        })
    }

    /// The fields that say who and when, by name.
    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let to = self.to.iter().map(|name| ("to", name.as_str()));
        let not = self.not.iter().map(|name| ("not", name.as_str()));
        let rest = [
            ("again", &self.again),
            ("start", &self.start),
            ("at", &self.at),
            ("window", &self.window),
            ("wave_gap", &self.wave_gap),
            ("not_after", &self.not_after),
        ];
        let rest = rest.into_iter().map(|(name, value)| (name, value.as_str()));
        to.chain(not)
            .chain(rest)
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    pub(super) fn query(&self) -> String {
        query(self.pairs())
    }

    /// As hidden fields of another form.
    pub(super) fn hidden(&self) -> Vec<Value> {
        let pairs = self.pairs().into_iter();
        pairs
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect()
    }

    /// Whom alone, as hidden fields.
    pub(super) fn chosen(&self) -> Vec<Value> {
        let mut hidden = self.hidden();
        hidden.retain(|field| matches!(field["name"].as_str(), Some("to" | "not")));
        hidden
    }

    /// As the form shows it again.
    pub(super) fn shown(&self, segments: &[(String, String)]) -> Value {
        let segments = segments.iter().map(|(name, rule)| {
            json!({
                "name": name,
                "rule": rule,
                "to": self.to.contains(name),
                "not": self.not.contains(name),
            })
        });
        json!({
            "segments": segments.collect::<Vec<_>>(),
            "again": self.again == "yes",
            "start": if self.start.is_empty() { "now" } else { &self.start },
            "at": self.at,
            "window": self.window,
            "wave_gap": self.wave_gap,
            "not_after": self.not_after,
        })
    }
}

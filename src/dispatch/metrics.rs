//! What is measured while sending: attempts, rendering, conversations.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

/// Labels of an attempt: how it ended, and at which relay.
type AttemptLabels = [(&'static str, String); 2];

/// Counters and histograms of a service's life; cheap to add to.
#[derive(Debug, Clone)]
pub struct Metrics {
    attempts: Family<AttemptLabels, Counter>,
    render: Histogram,
    smtp: Histogram,
    lateness: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            attempts: Family::default(),
            // From 10 µs to 5 s, and from 1 ms to 4 min.
            render: Histogram::new(exponential_buckets(0.000_01, 2.0, 20)),
            smtp: Histogram::new(exponential_buckets(0.001, 2.0, 18)),
            lateness: Histogram::new(exponential_buckets(0.01, 2.0, 20)),
        }
    }
}

impl Metrics {
    /// Names everything in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "dateline_attempts",
            "SMTP conversations, by outcome and relay",
            self.attempts.clone(),
        );
        registry.register(
            "dateline_render_seconds",
            "Time to make one mail",
            self.render.clone(),
        );
        registry.register(
            "dateline_smtp_seconds",
            "Time of one SMTP conversation, from MAIL FROM to the reply to the final dot",
            self.smtp.clone(),
        );
        registry.register(
            "dateline_lateness_seconds",
            "From when a delivery fell due to the end of its first conversation",
            self.lateness.clone(),
        );
    }

    pub(super) fn attempt(&self, outcome: &'static str, relay: &str) {
        let labels = [("outcome", outcome.to_owned()), ("relay", relay.to_owned())];
        self.attempts.get_or_create(&labels).inc();
    }

    pub(super) fn rendered(&self, took: Duration) {
        self.render.observe(took.as_secs_f64());
    }

    pub(super) fn conversed(&self, took: Duration) {
        self.smtp.observe(took.as_secs_f64());
    }

    pub(super) fn late(&self, by: jiff::SignedDuration) {
        self.lateness.observe(by.as_secs_f64().max(0.0));
    }
}

//! `/metrics`: what was measured, and what there is now.

use super::Front;
use crate::desk::service::{Service, Vitals};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The media type of `OpenMetrics` text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Seconds = Gauge<f64, AtomicU64>;
type Labels = Vec<(&'static str, String)>;

pub(super) async fn show(State(front): State<Arc<Front>>) -> Response {
    let service = &front.service;
    let vitals = match service.vitals().await {
        Ok(vitals) => vitals,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response();
        }
    };
    let mut registry = Registry::default();
    service.metrics().register(&mut registry);
    gauge(&vitals, service, &mut registry);
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn gauge(vitals: &Vitals, service: &Service, registry: &mut Registry) {
    let census = &vitals.census;
    registry.register(
        "dateline_deliveries",
        "Deliveries by state",
        counted(
            "state",
            &census.by_state,
            &crate::domain::delivery::DeliveryState::NAMES,
        ),
    );
    registry.register(
        "dateline_distributions",
        "Distributions by course",
        counted(
            "course",
            &census.by_course,
            &["under_way", "held", "killed"],
        ),
    );
    let now = vitals.now;
    seconds(
        registry,
        "dateline_queue_age_seconds",
        "How long ago the longest-waiting due delivery fell due",
        census.oldest_due.map_or(0.0, |due| between(due, now)),
    );
    let lease = service.desk().settings.dispatch.lease;
    let leased = |end: Timestamp| (lease.as_secs_f64() - between(now, end)).max(0.0);
    seconds(
        registry,
        "dateline_lease_age_seconds",
        "How long ago the oldest lease was last renewed",
        census.first_lease_end.map_or(0.0, leased),
    );
    if let Some(open) = service.mailbox_open() {
        seconds(
            registry,
            "dateline_mailbox_open",
            "Whether the mailbox to which mail comes back is open: 1 or 0",
            if open { 1.0 } else { 0.0 },
        );
    }
    let countdown = Family::<Labels, Seconds>::default();
    for embargo in &vitals.embargoes {
        let labels = vec![
            ("distribution", embargo.distribution.to_string()),
            ("release", embargo.release.to_string()),
        ];
        let left = between(now, embargo.lift);
        countdown.get_or_create(&labels).set(left);
    }
    registry.register(
        "dateline_embargo_countdown_seconds",
        "Until the lift of each embargo that deliveries wait for",
        countdown,
    );
}

fn between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Seconds::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

/// Every name that there can be, so that a state nobody is in reads zero.
fn counted(
    label: &'static str,
    counts: &BTreeMap<String, u64>,
    names: &[&str],
) -> Family<Labels, Gauge> {
    let family = Family::<Labels, Gauge>::default();
    for name in names {
        let count = counts.get(*name).copied().unwrap_or_default();
        let labels = vec![(label, (*name).to_owned())];
        family
            .get_or_create(&labels)
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    family
}

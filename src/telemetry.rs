//! Tracing set-up: to standard error, so that standard output stays the
//! command's own, and as OTLP traces to a collector where one is named.
//!
//! No line carries a whole address: rooms log `EmailAddress::masked()`.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use std::io::IsTerminal;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// The variables by which OpenTelemetry names a collector (OTLP exporter
/// specification, "Endpoint URLs").
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// How talkative the program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// Errors alone: a progress bar is being drawn.
    Quiet,
    /// Warnings too.
    Normal,
    /// What happens.
    Verbose,
    /// Everything of our own.
    Debug,
}

impl Verbosity {
    fn filter(self) -> &'static str {
        match self {
            Self::Quiet => "error,sqlx=off",
            Self::Normal => "warn,sqlx=error,opentelemetry=error",
            Self::Verbose => "warn,sqlx=error,dateline=info",
            Self::Debug => "info,dateline=debug",
        }
    }
}

/// Keeps traces going; dropped, it sends what is still to be sent.
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.traces.as_ref().map(SdkTracerProvider::shutdown) {
            tracing::warn!(%error, "the last traces did not reach the collector");
        }
    }
}

/// Begins to log, in lines for people or as one JSON object a line. `RUST_LOG`
/// stands above the verbosity. `env` answers with environment variables.
pub fn init(verbosity: Verbosity, json: bool, env: &dyn Fn(&str) -> Option<String>) -> Telemetry {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(verbosity.filter()));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = if json {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.boxed()
    };
    let wanted = ENDPOINTS.iter().any(|name| env(name).is_some());
    let (traces, refused) = match wanted.then(exporter).transpose() {
        Ok(traces) => (traces, None),
        Err(refused) => (None, Some(refused)),
    };
    let spans = traces.as_ref().map(|traces| {
        let tracer: Tracer = traces.tracer("dateline");
        let own = Targets::new().with_target("dateline", tracing::Level::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_filter(own)
    });
    // A second call, as in tests, changes nothing.
    drop(
        tracing_subscriber::registry()
            .with(lines.with_filter(filter))
            .with(spans)
            .try_init(),
    );
    if let Some(error) = refused {
        tracing::warn!(%error, "no traces: the collector cannot be used");
    }
    Telemetry { traces }
}

/// Sends spans in batches, over HTTP, to where the environment says.
fn exporter() -> Result<SdkTracerProvider, opentelemetry_otlp::ExporterBuildError> {
    let exporter = SpanExporter::builder().with_http().build()?;
    let resource = Resource::builder().with_service_name("dateline").build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

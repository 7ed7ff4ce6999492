//! The tables of the schedule, of approvals and of the service.

use super::read::Reader;
use super::units::duration;
use super::{ApprovalSettings, ScheduleSettings, ServiceSettings};
use crate::domain::said::{Said, Tell};
use crate::domain::send_window::SendWindow;
use crate::said;
use crate::toml_reader::Section;
use jiff::SignedDuration;
use std::net::SocketAddr;
use url::Url;

impl Reader<'_> {
    pub(super) fn schedule(&mut self, section: Option<Section>) -> ScheduleSettings {
        let normal = ScheduleSettings::default();
        let Some(mut section) = section else {
            return normal;
        };
        let problems = &mut *self.problems;
        let settings = ScheduleSettings {
            window: section
                .parsed("window", problems, SendWindow::parse)
                .unwrap_or(normal.window),
            grace: section
                .parsed("grace", problems, duration)
                .unwrap_or(normal.grace),
            margin: section
                .parsed("margin", problems, duration)
                .unwrap_or(normal.margin),
        };
        section.finish(problems);
        settings
    }

    pub(super) fn approval(&mut self, section: Option<Section>) -> ApprovalSettings {
        let normal = ApprovalSettings::default();
        let Some(mut section) = section else {
            return normal;
        };
        let line = section.line();
        let embargoed = section.whole("embargoed", 0, self.problems);
        if embargoed.is_some_and(|people| people > 2) {
            self.problems
                .push(section.problem(line, said!("`approval.embargoed` is 0, 1 or 2 people")));
        }
        let languages = section.languages("languages", self.problems);
        let parity = section.parsed("parity", self.problems, parity);
        section.finish(self.problems);
        ApprovalSettings {
            embargoed: embargoed.map_or(normal.embargoed, |people| {
                usize::try_from(people).unwrap_or_default()
            }),
            languages: languages.into_iter().map(|spot| spot.value).collect(),
            parity: parity.unwrap_or(normal.parity),
        }
    }

    pub(super) fn service(&mut self, section: Option<Section>) -> ServiceSettings {
        let normal = ServiceSettings::default();
        let Some(mut section) = section else {
            return normal;
        };
        let problems = &mut *self.problems;
        let settings = ServiceSettings {
            listen: section
                .parsed("listen", problems, listen)
                .unwrap_or(normal.listen),
            stop_within: section
                .parsed("stop_within", problems, duration)
                .unwrap_or(normal.stop_within),
            url: section.parsed("url", problems, origin),
            clock_tolerance: section
                .parsed("clock_tolerance", problems, duration)
                .unwrap_or(normal.clock_tolerance),
        };
        section.finish(problems);
        settings
    }
}

fn parity(text: &str) -> Result<Option<SignedDuration>, Said> {
    match text {
        "off" => Ok(None),
        other => duration(other).map(Some).map_err(|error| error.said()),
    }
}

/// Where people reach the desk: an origin and nothing more.
pub(super) fn origin(text: &str) -> Result<Url, Said> {
    let fine = |url: &Url| {
        matches!(url.scheme(), "https" | "http")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    };
    Url::parse(text).ok().filter(fine).ok_or_else(|| {
        said!(
            "`{text}` is no address of a desk; expected one such as `https://desk.example.org`",
            text = text.escape_debug()
        )
    })
}

fn listen(text: &str) -> Result<Option<SocketAddr>, Said> {
    match text {
        "off" => Ok(None),
        other => other.parse().map(Some).map_err(|_| {
            said!("`{text}` is no address to listen on; expected one such as `127.0.0.1:9925`, or `off`", text = other)
        }),
    }
}

//! What every page is made with: the service, the templates, the world.

use super::origin::Place;
use super::turnstile::{KNOCKS, READS, Turnstile};
use crate::desk::import::ImportPlan;
use crate::desk::live::Watched;
use crate::desk::log::Verification;
use crate::desk::privacy::Everything;
use crate::desk::publications::Published;
use crate::desk::reader_pages::Copies;
use crate::desk::rehearsals::Rehearsals;
use crate::desk::review::Looks;
use crate::desk::segments::Counted;
use crate::desk::service::Service;
use crate::desk::slow::Slow;
use crate::desk::uploads::Uploads;
use crate::desk::{Desk, DeskError, Wiring};
use crate::domain::link::Bearer;
use crate::render::pages::Pages;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The desk's front.
pub struct Front {
    pub(super) service: Arc<Service>,
    pub(super) pages: Pages,
    pub(super) place: Place,
    pub(super) rehearsals: Rehearsals,
    /// What makes readers' copies.
    pub(super) copies: Copies,
    /// What is known of releases that anybody may read.
    pub(super) published: Published,
    /// How often one reader comes by.
    pub(super) turnstile: Turnstile<Bearer>,
    /// How often a token that opens nothing is shown, by its hash.
    pub(super) knocks: Turnstile<blake3::Hash>,
    /// Who is in which segment, counted once for all who ask.
    pub(super) counted: Counted,
    pub(super) uploads: Uploads,
    /// What files would do that somebody looks at.
    pub(super) plans: Slow<ImportPlan>,
    /// Audiences that somebody looks at.
    pub(super) looks: Looks,
    /// What is held of somebody.
    pub(super) holdings: Slow<Everything>,
    /// The log's verification.
    pub(super) verifying: Slow<Verification>,
    /// Distributions as whoever watches saw them a moment ago.
    pub(super) watched: Watched,
    /// When live pages end, so that the service can.
    pub(super) stop: CancellationToken,
    pub(super) wiring: &'static dyn Wiring,
}

impl std::fmt::Debug for Front {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Front")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Front {
    /// Reads the pages.
    ///
    /// # Errors
    /// Every problem in the workspace's own templates.
    pub fn open(
        service: Arc<Service>,
        wiring: &'static dyn Wiring,
        stop: CancellationToken,
    ) -> Result<Self, DeskError> {
        let desk = service.desk();
        let pages = Pages::load(Some(&desk.workspace)).map_err(DeskError::Problems)?;
        Ok(Self {
            pages,
            place: Place::new(
                desk.settings.service.url.as_ref(),
                desk.settings.readers.url.as_ref(),
            ),
            copies: desk.copies()?,
            turnstile: Turnstile::new(READS),
            knocks: Turnstile::new(KNOCKS),
            published: Published::default(),
            rehearsals: Rehearsals::default(),
            counted: Counted::default(),
            uploads: Uploads::default(),
            plans: Slow::default(),
            looks: Looks::default(),
            holdings: Slow::default(),
            verifying: Slow::default(),
            watched: Watched::default(),
            stop,
            service,
            wiring,
        })
    }

    /// The desk with the settings that are in force.
    pub(super) fn desk(&self) -> Arc<Desk> {
        self.service.desk()
    }
}

//! The kind of a letter: all that decides how it reads, but for its reader's
//! own values. Two letters of a kind differ in nothing but those.

use super::letter::Letter;
use crate::domain::embargo::Phase;

/// What letters of one form have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    /// Positions of the variants, the primary one first.
    chosen: Vec<usize>,
    phase: Phase,
    /// Only where a time is told in it.
    zone: Option<String>,
    list: String,
    opt_out: String,
    has_opt_out_subject: bool,
    has_opt_out_page: bool,
    has_own_pages: bool,
    has_name: bool,
    has_salutation: bool,
    has_outlet: bool,
}

impl Kind {
    /// The kind of a letter of a release, with an embargo or without.
    pub(super) fn of(chosen: &[usize], letter: &Letter<'_>, tells_times: bool) -> Self {
        let recipient = letter.recipient;
        Self {
            chosen: chosen.to_vec(),
            phase: letter.phase,
            zone: tells_times.then(|| letter.zone.name().to_owned()),
            list: letter.list.to_owned(),
            opt_out: letter.opt_out.address.to_string(),
            has_opt_out_subject: !letter.opt_out.subject.is_empty(),
            has_opt_out_page: !letter.opt_out.page.is_empty(),
            has_own_pages: !letter.opt_out.own.is_empty(),
            has_name: !recipient.name.is_empty(),
            has_salutation: !recipient.salutation.is_empty(),
            has_outlet: !recipient.outlet.is_empty(),
        }
    }
}

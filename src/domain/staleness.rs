//! The stale-schedule guard: after a long silence, ask before sending.

use jiff::{SignedDuration, Timestamp};

/// How late a delivery is that could have been sent: from when it fell due, or
/// from when somebody was last there to send it, whichever is later. A backlog
/// that is being worked off is not late by this measure; a service that comes
/// back after a night, or a backup that was restored, is.
pub fn unattended(due: Timestamp, last_alive: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(due.max(last_alive))
        .max(SignedDuration::ZERO)
}

/// Whether it is too late to send without asking.
pub fn is_stale(
    due: Timestamp,
    last_alive: Timestamp,
    now: Timestamp,
    grace: SignedDuration,
) -> bool {
    unattended(due, last_alive, now) > grace
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downtime_is_stale_and_a_backlog_is_not() {
        let at = |hour: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
        let grace = SignedDuration::from_mins(30);
        // Down from 10 to 13; due at 11.
        assert!(is_stale(at(11), at(10), at(13), grace));
        // Due at 8, still being worked off at 13, alive a moment ago.
        assert!(!is_stale(at(8), at(13), at(13), grace));
        // Due in the future.
        assert!(!is_stale(at(14), at(10), at(13), grace));
        // Back within grace.
        assert!(!is_stale(at(11), at(10), at(11) + grace, grace));
    }
}

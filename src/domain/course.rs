//! The course of a distribution: under way, held, or killed.

use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a distribution was stopped for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldCause {
    /// Somebody said so.
    Person,
    /// The machine's clock jumped, so nobody knows what time it is.
    ClockJumped,
    /// Its time passed while nobody was there to send it.
    Stale,
    /// Its mails cannot be made.
    CannotCompose,
}

/// Where a distribution stands as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "course")]
pub enum Course {
    /// What falls due is sent.
    UnderWay {
        /// Since when: planned, or resumed.
        since: Timestamp,
    },
    /// Nothing begins until somebody resumes it.
    Held {
        /// Since when.
        since: Timestamp,
        /// By whom.
        by: String,
        /// What for, in their words.
        why: String,
        /// The kind of cause.
        cause: HoldCause,
    },
    /// Withdrawn: what had not begun never will. Final.
    Killed {
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
        /// What for.
        why: String,
    },
}

/// A change of course that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CourseError {
    /// It is held already.
    AlreadyHeld {
        /// Since when.
        since: Timestamp,
        /// By whom.
        by: String,
        /// What for.
        why: String,
    },
    /// There is nothing to resume.
    NotHeld,
    /// It is over.
    Killed {
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
        /// What for.
        why: String,
    },
}

impl Tell for CourseError {
    fn said(&self) -> Said {
        match self {
            Self::AlreadyHeld { since, by, why } => said!(
                "it is held already, since {since} by {by}: {why}",
                since = Said::moment(*since, since),
                by,
                why
            ),
            Self::NotHeld => said!("it is not held"),
            Self::Killed { at, by, why } => {
                said!(
                    "it was killed at {at} by {by}: {why}",
                    at = Said::moment(*at, at),
                    by,
                    why
                )
            }
        }
    }
}

shown_as_said!(CourseError);

impl Course {
    /// Its name in tables, columns and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UnderWay { .. } => "under_way",
            Self::Held { .. } => "held",
            Self::Killed { .. } => "killed",
        }
    }

    /// Whether what falls due is sent.
    pub fn is_under_way(&self) -> bool {
        match self {
            Self::UnderWay { .. } => true,
            Self::Held { .. } | Self::Killed { .. } => false,
        }
    }

    /// Stops it for now.
    ///
    /// # Errors
    /// It is held or killed already.
    pub fn hold(
        &self,
        now: Timestamp,
        by: &str,
        why: &str,
        cause: HoldCause,
    ) -> Result<Self, CourseError> {
        match self {
            Self::UnderWay { .. } => Ok(Self::Held {
                since: now,
                by: by.to_owned(),
                why: why.to_owned(),
                cause,
            }),
            Self::Held { since, by, why, .. } => Err(CourseError::AlreadyHeld {
                since: *since,
                by: by.clone(),
                why: why.clone(),
            }),
            Self::Killed { .. } => Err(self.over()),
        }
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// It is not held.
    pub fn resume(&self, now: Timestamp) -> Result<Self, CourseError> {
        match self {
            Self::Held { .. } => Ok(Self::UnderWay { since: now }),
            Self::UnderWay { .. } => Err(CourseError::NotHeld),
            Self::Killed { .. } => Err(self.over()),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// It was killed already.
    pub fn kill(&self, now: Timestamp, by: &str, why: &str) -> Result<Self, CourseError> {
        match self {
            Self::UnderWay { .. } | Self::Held { .. } => Ok(Self::Killed {
                at: now,
                by: by.to_owned(),
                why: why.to_owned(),
            }),
            Self::Killed { .. } => Err(self.over()),
        }
    }

    fn over(&self) -> CourseError {
        match self {
            Self::Killed { at, by, why } => CourseError::Killed {
                at: *at,
                by: by.clone(),
                why: why.clone(),
            },
            Self::UnderWay { .. } | Self::Held { .. } => CourseError::NotHeld,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_distribution_stays_killed() {
        let now = Timestamp::UNIX_EPOCH;
        let course = Course::UnderWay { since: now };
        let held = course
            .hold(now, "vera", "a fact is in doubt", HoldCause::Person)
            .unwrap();
        assert!(!held.is_under_way());
        let again = held
            .hold(now, "ivan", "me too", HoldCause::Person)
            .unwrap_err();
        assert!(again.to_string().contains("by vera: a fact is in doubt"));
        assert!(held.resume(now).unwrap().is_under_way());
        assert_eq!(course.resume(now), Err(CourseError::NotHeld));
        let killed = held.kill(now, "vera", "withdrawn").unwrap();
        assert!(
            killed.resume(now).is_err()
                && killed.kill(now, "x", "y").is_err()
                && killed.hold(now, "x", "y", HoldCause::Stale).is_err()
        );
    }
}

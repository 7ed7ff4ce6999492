//! Scripted faults: a recipient's local part says what goes wrong, and how often.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The longest delay that a recipient can ask for.
const LONGEST: Duration = Duration::from_secs(10);

/// Whether recipients may script faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultScript {
    /// By the local part of the address.
    ByLocalPart,
    /// Every recipient is taken.
    Off,
}

/// Where in a conversation a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Rcpt,
    Data,
    /// While the message is being taken.
    Middle,
    /// After the final dot.
    Dot,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// A refusal with this code; 421 closes too.
    Refuse(At, u16),
    /// The connection is cut.
    Drop(At),
    /// The reply to RCPT is late.
    Slow(Duration),
}

/// How a recipient scripts a fault, for `--help`.
pub fn faults_help() -> &'static str {
    "Scripted faults, by the recipient's local part: FAULT[.TIMES][+anything]@domain

  CODE-at-STEP     a refusal with this 4xx or 5xx code at rcpt, data or dot (after the
                   final dot): 451-at-rcpt, 550-at-rcpt, 452-at-dot; 421 closes as well
  drop-at-rcpt     the connection is cut instead of a reply; also drop-at-data
  drop-mid-data    the connection is cut while the message is being sent
  drop-after-dot   the mail is taken and kept, then the connection is cut without a reply
  slow             the reply to RCPT comes 2 s late; slow-500 for 500 ms (at most 10 s)

TIMES is how many tries meet the fault before the mail is taken; without it, all do.
451-at-rcpt.2+anna@example.org is refused twice, then taken."
}

/// Decides which fault a recipient meets now.
#[derive(Debug)]
pub(super) struct Director {
    script: FaultScript,
    met: Mutex<HashMap<String, u32>>,
}

impl Director {
    pub(super) fn new(script: FaultScript) -> Self {
        Self {
            script,
            met: Mutex::default(),
        }
    }

    /// The fault for a recipient, counted as met.
    pub(super) fn cue(&self, recipient: &str) -> Option<Fault> {
        if self.script == FaultScript::Off {
            return None;
        }
        let local = recipient
            .rsplit_once('@')
            .map_or(recipient, |(local, _)| local);
        let (fault, times) = parse(local)?;
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let so_far = met.entry(recipient.to_lowercase()).or_default();
        if times.is_some_and(|times| *so_far >= times) {
            return None;
        }
        *so_far += 1;
        Some(fault)
    }
}

fn parse(local: &str) -> Option<(Fault, Option<u32>)> {
    let script = local.split('+').next()?;
    let (name, times) = match script.split_once('.') {
        Some((name, times)) => (name, Some(times.parse().ok()?)),
        None => (script, None),
    };
    Some((fault(name)?, times))
}

fn fault(name: &str) -> Option<Fault> {
    match name {
        "drop-at-rcpt" => return Some(Fault::Drop(At::Rcpt)),
        "drop-at-data" => return Some(Fault::Drop(At::Data)),
        "drop-mid-data" => return Some(Fault::Drop(At::Middle)),
        "drop-after-dot" => return Some(Fault::Drop(At::Dot)),
        "slow" => return Some(Fault::Slow(Duration::from_secs(2))),
        _ => {}
    }
    if let Some(late) = name.strip_prefix("slow-") {
        return Some(Fault::Slow(
            Duration::from_millis(late.parse().ok()?).min(LONGEST),
        ));
    }
    let (code, step) = name.split_once("-at-")?;
    let code = code.parse().ok().filter(|code| (400..600).contains(code))?;
    let at = match step {
        "rcpt" => At::Rcpt,
        "data" => At::Data,
        "dot" => At::Dot,
        _ => return None,
    };
    Some(Fault::Refuse(at, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_parts_script_faults() {
        assert_eq!(
            parse("451-at-rcpt.2+anna"),
            Some((Fault::Refuse(At::Rcpt, 451), Some(2)))
        );
        assert_eq!(parse("drop-after-dot"), Some((Fault::Drop(At::Dot), None)));
        assert_eq!(parse("slow-99999"), Some((Fault::Slow(LONGEST), None)));
        for local in [
            "anna",
            "250-at-rcpt",
            "451-at-lunch",
            "slow-",
            "451-at-rcpt.x",
            "anna.k",
        ] {
            assert_eq!(parse(local), None, "{local}");
        }
    }

    #[test]
    fn a_fault_with_times_passes() {
        let director = Director::new(FaultScript::ByLocalPart);
        let cues: Vec<_> = (0..3)
            .map(|_| director.cue("451-at-rcpt.2@example.org").is_some())
            .collect();
        assert_eq!(cues, [true, true, false]);
        assert!(
            Director::new(FaultScript::Off)
                .cue("550-at-rcpt@example.org")
                .is_none()
        );
    }
}

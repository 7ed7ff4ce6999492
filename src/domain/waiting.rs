//! What a delivery waits for, whatever state it is in.
//!
//! A claim comes later than planned: after a hold, a retry, an outage. So the
//! embargo, the agreement, the time and the window are asked about again, at the
//! claim and in the last instruction before MAIL FROM. That holds for what is
//! sent again out of doubt, too, when its time was changed meanwhile.

use super::delivery::Delivery;
use super::send_window::SendWindow;
use jiff::Timestamp;

impl Delivery {
    /// The instant until which it may not leave; `None`: it may leave now.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let opens = |at: Timestamp| self.kept_window().opens(at, &self.zone);
        let mut at = opens(self.permitted(now));
        // The agreement may end before the window opens.
        if self.permitted(at) > at {
            at = opens(self.permitted(at));
        }
        (at > now).then_some(at)
    }

    /// The first instant from `now` on at which its time has come and the embargo
    /// lets it go: at the lift, once the agreement that it stands on is over.
    fn permitted(&self, now: Timestamp) -> Timestamp {
        let bar = self.permitted_from.unwrap_or(Timestamp::MIN);
        let lift = self.early.and_then(|early| early.bar(now));
        now.max(self.not_before)
            .max(bar)
            .max(lift.unwrap_or(Timestamp::MIN))
    }

    fn kept_window(&self) -> SendWindow {
        self.window
            .or(self.send_window)
            .unwrap_or(SendWindow::ALWAYS)
    }
}

#[cfg(test)]
#[path = "waiting_tests.rs"]
mod tests;

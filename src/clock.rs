//! The only window on time: everything else is told what time it is.

use crate::domain::clock_guard::{ClockGuard, Heartbeat, Jump, MachineTime};
use jiff::{SignedDuration, Timestamp};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// A time that nobody can set: what has passed since some fixed moment,
    /// the machine's sleep included.
    fn steady(&self) -> SignedDuration;

    /// Which start of which machine the steady clock counts from; `None` where it
    /// counts from this process's own.
    fn boot(&self) -> Option<String> {
        None
    }

    /// What both clocks show now, to be compared with by whoever comes after.
    fn heartbeat(&self) -> Heartbeat {
        Heartbeat {
            at: self.now(),
            machine: self.boot().map(|boot| MachineTime {
                steady: self.steady(),
                boot,
            }),
        }
    }

    /// Lets the time pass up to an instant: a wall clock waits, a rehearsal
    /// moves its own hand. Returns how long a real wait is still needed.
    fn wait_until(&self, instant: Timestamp) -> SignedDuration {
        instant.duration_since(self.now()).max(SignedDuration::ZERO)
    }

    /// Whether the clock was set since it was last trusted.
    fn jump(&self) -> Option<Jump> {
        None
    }

    /// Takes the clock as it is from here on.
    fn trust(&self) {}
}

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

impl Clock for WallClock {
    #[expect(clippy::disallowed_methods, reason = "this is the window")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn steady(&self) -> SignedDuration {
        steady()
    }

    fn boot(&self) -> Option<String> {
        boot()
    }
}

/// Where the unit file names the machine's start: its sandbox hides the file.
const BOOT_ID: &str = "DATELINE_BOOT_ID";

#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    let told = || std::env::var(BOOT_ID).ok();
    let read = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    // systemd writes it without the dashes.
    let plain = read.or_else(told)?.trim().replace('-', "");
    (!plain.is_empty()).then_some(plain)
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
fn steady() -> SignedDuration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::Boottime);
    SignedDuration::from_secs(time.tv_sec).saturating_add(SignedDuration::from_nanos(time.tv_nsec))
}

#[cfg(not(target_os = "linux"))]
fn steady() -> SignedDuration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    SignedDuration::try_from(START.elapsed()).unwrap_or(SignedDuration::MAX)
}

/// A clock under guard: after a jump it shows the earlier of what its clock
/// shows and what that should show, until somebody trusts it again.
#[derive(Debug)]
pub struct GuardedClock {
    clock: Arc<dyn Clock>,
    tolerance: SignedDuration,
    guard: Mutex<ClockGuard>,
}

impl GuardedClock {
    /// Trusts a clock as it is now.
    pub fn new(clock: Arc<dyn Clock>, tolerance: SignedDuration) -> Self {
        let guard = ClockGuard::new(clock.now(), clock.steady(), tolerance);
        Self {
            clock,
            tolerance,
            guard: Mutex::new(guard),
        }
    }

    fn guard(&self) -> MutexGuard<'_, ClockGuard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for GuardedClock {
    fn now(&self) -> Timestamp {
        self.guard().judge(self.clock.now(), self.clock.steady())
    }

    fn steady(&self) -> SignedDuration {
        self.clock.steady()
    }

    fn boot(&self) -> Option<String> {
        self.clock.boot()
    }

    fn wait_until(&self, instant: Timestamp) -> SignedDuration {
        self.clock.wait_until(instant)
    }

    fn jump(&self) -> Option<Jump> {
        self.guard().jump(self.clock.now(), self.clock.steady())
    }

    fn trust(&self) {
        *self.guard() = ClockGuard::new(self.clock.now(), self.clock.steady(), self.tolerance);
    }
}

/// A clock for rehearsals: it runs like the wall clock, but waits for nothing.
/// Whoever waits moves it on, so that a dry run of next week's lift or
/// of a retry in an hour is over at once, with every rule in force.
#[derive(Debug, Default)]
pub struct RehearsalClock {
    ahead: Mutex<SignedDuration>,
}

impl RehearsalClock {
    fn ahead(&self) -> MutexGuard<'_, SignedDuration> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for RehearsalClock {
    fn now(&self) -> Timestamp {
        let ahead = *self.ahead();
        WallClock
            .now()
            .saturating_add(ahead)
            .unwrap_or(Timestamp::MAX)
    }

    fn steady(&self) -> SignedDuration {
        WallClock.steady().saturating_add(*self.ahead())
    }

    fn wait_until(&self, instant: Timestamp) -> SignedDuration {
        let missing = instant.duration_since(self.now());
        if missing > SignedDuration::ZERO {
            let mut ahead = self.ahead();
            *ahead = ahead.saturating_add(missing);
        }
        SignedDuration::ZERO
    }
}

//! Files that somebody looks at at the desk before they are imported: in memory
//! alone, the last few, each for whoever brought it.

use crate::entropy::Entropy;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// So many are kept.
const KEPT: usize = 8;
/// For so long.
const FOR: SignedDuration = SignedDuration::from_hours(1);
/// Octets that a file may have.
pub const MOST_OCTETS: usize = 16 * 1024 * 1024;

/// A file that was brought.
pub struct Upload {
    /// Its name in addresses, which nobody guesses.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    by: String,
    at: Timestamp,
}

/// An address book is not for logs.
impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").finish_non_exhaustive()
    }
}

/// The last few files.
#[derive(Debug, Default)]
pub struct Uploads {
    all: Mutex<VecDeque<Arc<Upload>>>,
}

impl Uploads {
    fn all(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<Upload>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a file, and answers with its name in addresses.
    pub fn keep(&self, name: &str, bytes: Vec<u8>, by: &str, now: Timestamp) -> String {
        let id = format!("{:032x}", Entropy.bits());
        let mut all = self.all();
        while all.len() >= KEPT {
            all.pop_front();
        }
        all.push_back(Arc::new(Upload {
            id: id.clone(),
            name: name.to_owned(),
            bytes,
            by: by.to_owned(),
            at: now,
        }));
        id
    }

    /// The file that somebody brought, while it is kept.
    pub fn find(&self, id: &str, by: &str, now: Timestamp) -> Option<Arc<Upload>> {
        let mut all = self.all();
        all.retain(|one| now.duration_since(one.at) < FOR);
        all.iter().find(|one| one.id == id && one.by == by).cloned()
    }

    /// Lets all go.
    pub fn clear(&self) {
        self.all().clear();
    }

    /// Lets a file go.
    pub fn drop_one(&self, id: &str) {
        self.all().retain(|one| one.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_for_whoever_brought_it_and_for_a_while() {
        let uploads = Uploads::default();
        let at = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        let id = uploads.keep("a.csv", vec![1], "vera", at(0));
        assert!(uploads.find(&id, "ivan", at(0)).is_none());
        assert_eq!(uploads.find(&id, "vera", at(0)).unwrap().bytes, [1]);
        assert!(uploads.find(&id, "vera", at(1)).is_none(), "too old");
        let id = uploads.keep("a.csv", vec![1], "vera", at(2));
        for _ in 0..KEPT {
            uploads.keep("b.csv", vec![], "ivan", at(2));
        }
        assert!(uploads.find(&id, "vera", at(2)).is_none(), "too many");
    }
}

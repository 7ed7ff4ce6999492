//! Template contexts, kept for reuse: a context holds the whole text of its
//! variants, and a letter changes only a few fields of it.

use handlebars::Context;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Contexts kept at most, over all combinations of languages: a few per worker.
const MAX_KEPT: usize = 64;

/// Idle contexts by the variants they hold, in order.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<HashMap<Vec<usize>, Vec<Context>>>);

impl Pool {
    /// An idle context for these variants.
    pub(super) fn take(&self, variants: &[usize]) -> Option<Context> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(variants)?
            .pop()
    }

    /// Keeps a context for the next letter; every field that differs by letter
    /// is set anew there.
    pub(super) fn put(&self, variants: Vec<usize>, context: Context) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: usize = idle.values().map(Vec::len).sum();
        if kept < MAX_KEPT {
            idle.entry(variants).or_default().push(context);
        }
    }
}

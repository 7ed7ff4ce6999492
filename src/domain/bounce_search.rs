//! Which reports somebody looks for.

use super::address::EmailAddress;
use super::bounce::Finding;
use super::said::Said;
use crate::said;

/// Which reports somebody looks for; what says nothing narrows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BounceSearch {
    /// A part of the address; the case of ASCII letters does not matter.
    pub text: String,
    /// The address itself.
    pub email: Option<EmailAddress>,
    /// What they say: a name of [`Finding::NAMES`].
    pub finding: Option<&'static str>,
}

impl BounceSearch {
    /// Reads the name of a finding.
    ///
    /// # Errors
    /// In words: there is none of that name.
    pub fn finding(text: &str) -> Result<&'static str, Said> {
        let mut names = Finding::NAMES.into_iter();
        names.find(|name| *name == text).ok_or_else(|| {
            said!(
                "`{text}` is no kind of report; expected one of {known}",
                text = text.escape_debug(),
                known = Finding::NAMES.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_its_name() {
        assert_eq!(BounceSearch::finding("hard"), Ok("hard"));
        let wrong = BounceSearch::finding("harsh").unwrap_err();
        assert!(
            wrong.to_string().contains("`harsh`") && wrong.to_string().contains("soft"),
            "{wrong}"
        );
    }
}

//! Identifiers: a type for each, and each prints its kind (`dst_…`, `dlv_…`).

use super::said::{Said, Tell};
use crate::{said, shown_as_said};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use ulid::Ulid;

/// A text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct IdError {
    text: String,
    prefix: &'static str,
}

impl Tell for IdError {
    fn said(&self) -> Said {
        let Self { text, prefix } = self;
        said!(
            "`{text}` is not an identifier of the form `{prefix}_` followed by 26 letters and digits",
            text,
            prefix
        )
    }
}

shown_as_said!(IdError);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// Makes an identifier from a time (milliseconds since 1970) and 80 random bits.
            pub fn from_parts(millisecond: u64, random: u128) -> Self {
                Self(Ulid::from_parts(millisecond, random))
            }

            /// Its 16 octets.
            pub fn octets(self) -> [u8; 16] {
                self.0.to_bytes()
            }

            /// The identifier of 16 octets.
            pub fn from_octets(octets: [u8; 16]) -> Self {
                Self(Ulid::from_bytes(octets))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // Written at one go, so that a text it goes into grows once.
                const KIND: &str = concat!($prefix, "_");
                let mut whole = [0; KIND.len() + ulid::ULID_LEN];
                let (kind, rest) = whole.split_at_mut(KIND.len());
                kind.copy_from_slice(KIND.as_bytes());
                if let Ok(rest) = rest.try_into() {
                    self.0.array_to_str(rest).make_ascii_lowercase();
                }
                f.write_str(std::str::from_utf8(&whole).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| Ulid::from_string(rest).ok())
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.to_owned(), prefix: $prefix })
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(PhantomData))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

/// Reads an identifier off a text where the text is, without a copy of it.
struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err = IdError>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identifier")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

id!(
    /// A media contact.
    ContactId,
    "con"
);
id!(
    /// One sending of one release to one audience.
    DistributionId,
    "dst"
);
id!(
    /// The duty to bring one release to one contact; the Message-ID is made from it.
    DeliveryId,
    "dlv"
);
id!(
    /// A change of many contacts at once, which can be undone.
    ImportId,
    "imp"
);
id!(
    /// A worker's time-limited right to a delivery.
    LeaseToken,
    "lse"
);

/// A release's identifier: the name of its folder, or `id` in release.toml.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId(String);

/// A text that is not a release identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ReleaseIdError(String);

impl Tell for ReleaseIdError {
    fn said(&self) -> Said {
        said!(
            "`{text}` is not a release id: expected 1 to 120 letters, digits, `-`, `_` or `.`, not beginning with `.` or `-`",
            text = self.0
        )
    }
}

shown_as_said!(ReleaseIdError);

impl ReleaseId {
    /// Checks a release identifier: safe as a folder name and in a header.
    ///
    /// # Errors
    /// Any other character, an empty text, or more than 120 characters.
    pub fn parse(text: &str) -> Result<Self, ReleaseIdError> {
        let fits = (1..=120).contains(&text.chars().count())
            && !text.starts_with(['.', '-'])
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReleaseIdError(text.to_owned()))
        }
    }

    /// The identifier's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ReleaseId {
    type Error = ReleaseIdError;
    fn try_from(text: String) -> Result<Self, ReleaseIdError> {
        Self::parse(&text)
    }
}

impl From<ReleaseId> for String {
    fn from(id: ReleaseId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_its_kind_and_reads_back() {
        let id = DeliveryId::from_parts(1_700_000_000_000, 42);
        assert!(id.to_string().starts_with("dlv_"));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().parse::<ContactId>().is_err());
    }

    #[test]
    fn a_release_id_is_a_safe_folder_name() {
        assert!(ReleaseId::parse("2022-03-10-kazakhstan").is_ok());
        for bad in ["", "..", "a/b", "a\nb", "-x"] {
            assert!(ReleaseId::parse(bad).is_err(), "{bad:?}");
        }
    }
}

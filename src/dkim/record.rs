//! What DNS must say of a key.

use super::{Selector, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Octets of one string of a TXT record (RFC 1035 3.3.14).
const STRING: usize = 255;

/// A TXT record (RFC 6376 3.6.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Where it stands: `selector._domainkey.domain`.
    pub name: String,
    /// What it says, in one piece.
    pub value: String,
}

impl Record {
    /// The record of a key.
    pub fn new(selector: &Selector, domain: &str, key: &SigningKey) -> Self {
        Self {
            name: format!("{selector}._domainkey.{domain}"),
            value: format!(
                "v=DKIM1; k={}; p={}",
                key.kind().name(),
                STANDARD.encode(key.public())
            ),
        }
    }

    /// The record as a zone file wants it: a long value in several strings.
    pub fn zone_line(&self) -> String {
        let mut rest = self.value.as_str();
        let mut strings = Vec::new();
        while !rest.is_empty() {
            let (string, after) = rest.split_at(rest.len().min(STRING));
            strings.push(format!("\"{string}\""));
            rest = after;
        }
        match strings.as_slice() {
            [one] => format!("{}. IN TXT {one}", self.name),
            several => format!("{}. IN TXT (\n  {}\n)", self.name, several.join("\n  ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_standard() {
        // RFC 8463 A.1 and A.2, in PKCS #8.
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
        let key = SigningKey::from_pem(pem).unwrap();
        let record = Record::new(
            &Selector::parse("brisbane").unwrap(),
            "football.example.com",
            &key,
        );
        assert_eq!(record.name, "brisbane._domainkey.football.example.com");
        assert_eq!(
            record.value,
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        );
    }

    #[test]
    fn a_long_value_is_cut_into_strings() {
        let record = Record {
            name: "s._domainkey.newsroom.example".to_owned(),
            value: "x".repeat(600),
        };
        let line = record.zone_line();
        let strings: Vec<_> = line.split('"').skip(1).step_by(2).collect();
        assert_eq!(
            strings.iter().map(|s| s.len()).collect::<Vec<_>>(),
            [255, 255, 90]
        );
        assert_eq!(strings.concat(), record.value);
    }
}

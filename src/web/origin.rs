//! Where the desk stands, and which requests come from its own pages.
//!
//! A name in `Host` that is not ours is refused, or a foreign name that resolves
//! to this machine could read the desk (DNS rebinding). What changes something
//! must come from one of our own pages: browsers say so in `Origin` (RFC 6454).

use axum::http::{HeaderMap, header};
use std::net::IpAddr;
use url::Url;

/// Where the desk is reached.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `https://desk.example.org`, as the settings say.
    public: Option<String>,
    /// `https://press.example.org`: the readers' pages and nothing else.
    readers: Option<String>,
}

impl Place {
    pub(super) fn new(public: Option<&Url>, readers: Option<&Url>) -> Self {
        let origin = |url: &Url| url.origin().ascii_serialization();
        Self {
            public: public.map(origin),
            readers: readers.map(origin),
        }
    }

    /// Whether browsers reach it by TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.public
            .as_ref()
            .is_some_and(|origin| origin.starts_with("https://"))
    }

    /// Whether journalists' browsers do.
    pub(super) fn is_secure_for_readers(&self) -> bool {
        // Their place is always one by TLS.
        self.readers.is_some() || self.is_secure()
    }

    /// The origin that a request was sent to, where it is one of ours.
    pub(super) fn addressed(&self, headers: &HeaderMap) -> Option<String> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        if let Some(public) = named(self.public.as_ref(), host) {
            return Some(public);
        }
        let url = Url::parse(&format!("http://{host}/")).ok()?;
        let ours = match url.host()? {
            url::Host::Domain(name) => name == "localhost",
            // A number cannot be made to point elsewhere; with a name of our
            // own, only this machine may use it.
            url::Host::Ipv4(ip) => self.public.is_none() || IpAddr::from(ip).is_loopback(),
            url::Host::Ipv6(ip) => self.public.is_none() || IpAddr::from(ip).is_loopback(),
        };
        ours.then(|| url.origin().ascii_serialization())
    }

    /// The same for a page that readers see: they have a name of their own.
    pub(super) fn addressed_by_reader(&self, headers: &HeaderMap) -> Option<String> {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        named(self.readers.as_ref(), host).or_else(|| self.addressed(headers))
    }
}

/// An origin, where the host is its own.
fn named(origin: Option<&String>, host: &str) -> Option<String> {
    let (_, own) = origin?.split_once("://")?;
    own.eq_ignore_ascii_case(host).then(|| origin.cloned())?
}

/// Whether a request that changes something comes from one of our own pages, at
/// the origin that it was sent to.
pub(super) fn is_own(addressed: &str, headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match said("origin") {
        Some(origin) => origin.eq_ignore_ascii_case(addressed),
        None => said("sec-fetch-site") == Some("same-origin"),
    }
}

/// A way on after a form: a path of ours and nothing else, or the front page.
pub(super) fn own_path(to: &str) -> &str {
    let plain = to.starts_with('/')
        && !to.starts_with("//")
        && to
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_.~-%?=&:+".contains(c));
    if plain { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn owned(place: &Place, headers: &HeaderMap) -> bool {
        let addressed = place.addressed(headers);
        addressed.is_some_and(|addressed| is_own(&addressed, headers))
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_foreign_name_or_origin_is_not_ours() {
        let local = Place::new(None, None);
        for host in [
            "127.0.0.1:9925",
            "localhost:9925",
            "[::1]:9925",
            "192.0.2.7",
        ] {
            assert!(
                local.addressed(&headers(&[("host", host)])).is_some(),
                "{host}"
            );
        }
        for host in [
            "desk.example",
            "localhost.example:9925",
            "",
            "a b",
            "127.0.0.1@x.example",
        ] {
            assert!(
                local.addressed(&headers(&[("host", host)])).is_none(),
                "{host}"
            );
        }
        let own = |origin| {
            owned(
                &local,
                &headers(&[("host", "localhost:9925"), ("origin", origin)]),
            )
        };
        assert!(own("http://localhost:9925"));
        for origin in [
            "http://localhost",
            "https://localhost:9925",
            "http://evil.example",
            "null",
            "",
        ] {
            assert!(!own(origin), "{origin}");
        }
        assert!(!owned(&local, &headers(&[("host", "localhost")])));
        assert!(owned(
            &local,
            &headers(&[("host", "localhost"), ("sec-fetch-site", "same-origin")])
        ));
    }

    #[test]
    fn a_public_name_is_the_only_one_from_outside() {
        let public = Place::new(Some(&Url::parse("https://desk.example.org").unwrap()), None);
        let at = |host, origin| owned(&public, &headers(&[("host", host), ("origin", origin)]));
        assert!(at("desk.example.org", "https://desk.example.org"));
        assert!(!at("desk.example.org", "http://desk.example.org"));
        assert!(at("127.0.0.1:9925", "http://127.0.0.1:9925"));
        assert!(!at("192.0.2.7", "http://192.0.2.7"));
        assert!(public.is_secure());
    }

    #[test]
    fn readers_have_a_name_that_opens_their_pages_alone() {
        let readers = Url::parse("https://press.example.org").unwrap();
        let place = Place::new(None, Some(&readers));
        let there = headers(&[("host", "press.example.org")]);
        assert!(place.addressed(&there).is_none());
        let addressed = place.addressed_by_reader(&there);
        assert_eq!(addressed.as_deref(), Some("https://press.example.org"));
        let foreign = headers(&[("host", "evil.example")]);
        assert!(place.addressed_by_reader(&foreign).is_none());
        let local = headers(&[("host", "localhost:9925")]);
        assert!(place.addressed_by_reader(&local).is_some());
    }

    #[test]
    fn a_way_on_stays_in_the_house() {
        assert_eq!(own_path("/releases/a?x=1"), "/releases/a?x=1");
        for bad in [
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "evil",
            "",
            "/a\r\nb",
            "/a b",
            "javascript:x",
        ] {
            assert_eq!(own_path(bad), "/", "{bad}");
        }
    }
}

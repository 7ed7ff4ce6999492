//! Durations and sizes as people write them.

use crate::domain::said::Said;
use crate::said;
use jiff::SignedDuration;

/// `90s`, `5m`, `2h`, `1d`, `1h 30m`.
pub fn duration(text: &str) -> Result<SignedDuration, Said> {
    let wrong = || {
        said!(
            "`{text}` is not a duration; expected one such as `90s`, `5m`, `2h` or `1d`",
            text
        )
    };
    // jiff reads no days in an exact duration; here a day is 24 hours.
    if let Some(days) = text
        .trim()
        .strip_suffix('d')
        .and_then(|days| days.trim().parse::<i64>().ok())
    {
        return days
            .checked_mul(24 * 60 * 60)
            .map(SignedDuration::from_secs)
            .filter(|wait| *wait > SignedDuration::ZERO)
            .ok_or_else(wrong);
    }
    let wait: SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    if wait > SignedDuration::ZERO {
        Ok(wait)
    } else {
        Err(wrong())
    }
}

/// `10 MiB`, `500 KB`, `1048576`.
pub(super) fn size(text: &str) -> Result<u64, Said> {
    let wrong = || {
        said!(
            "`{text}` is not a size; expected one such as `10 MiB` or `500 KB`",
            text
        )
    };
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match text[digits..].trim() {
        "" | "B" => 1,
        "KB" => 1000,
        "KiB" => 1024,
        "MB" => 1_000_000,
        "MiB" => 1024 * 1024,
        _ => return Err(wrong()),
    };
    number
        .checked_mul(unit)
        .filter(|size| *size > 0)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90s", 90),
            ("5m", 300),
            ("2h", 7200),
            ("1d", 86400),
            ("1h 30m", 5400),
            ("1h30m", 5400),
        ] {
            assert_eq!(
                duration(text),
                Ok(SignedDuration::from_secs(seconds)),
                "{text}"
            );
        }
        let far = i64::MAX / 24;
        let too_far = [format!("{far}d"), format!("{}d", i64::MAX)];
        for text in [
            "",
            "5",
            "-5m",
            "0s",
            "soon",
            "-1d",
            &too_far[0],
            &too_far[1],
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, octets) in [("10 MiB", 10_485_760), ("500KB", 500_000), ("7", 7)] {
            assert_eq!(size(text), Ok(octets), "{text}");
        }
        for text in ["", "MiB", "-1", "0", "5 TB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}

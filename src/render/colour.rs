//! The accent colour in the shades a mail needs: legible as text on the light
//! and on the dark page, by WCAG 2 contrast.

/// An sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour([u8; 3]);

/// WCAG 2 AA for text.
const LEGIBLE: f64 = 4.5;
const WHITE: Colour = Colour([255, 255, 255]);
const BLACK: Colour = Colour([0, 0, 0]);
/// The dark page of the built-in kit.
const DARK_PAPER: Colour = Colour([0x1a, 0x1b, 0x1f]);

impl Colour {
    /// Reads `#rrggbb`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text
            .strip_prefix('#')
            .filter(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// As CSS writes it.
    pub(super) fn css(self) -> String {
        let [r, g, b] = self.0;
        format!("#{r:02x}{g:02x}{b:02x}")
    }

    /// The nearest shade that can be read as text on white.
    pub(super) fn on_light(self) -> Self {
        self.towards(BLACK, WHITE)
    }

    /// The nearest shade that can be read as text on the dark page.
    pub(super) fn on_dark(self) -> Self {
        self.towards(WHITE, DARK_PAPER)
    }

    fn towards(self, end: Self, paper: Self) -> Self {
        let shades = (0..=20).map(|step| self.mix(end, f64::from(step) / 20.0));
        shades
            .into_iter()
            .find(|shade| shade.contrast(paper) >= LEGIBLE)
            .unwrap_or(end)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a mean of two bytes is a byte"
    )]
    fn mix(self, other: Self, share: f64) -> Self {
        let mut mixed = [0; 3];
        for (index, out) in mixed.iter_mut().enumerate() {
            let (from, to) = (f64::from(self.0[index]), f64::from(other.0[index]));
            *out = (from + (to - from) * share).round() as u8;
        }
        Self(mixed)
    }

    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f64 {
        let linear = |byte: u8| {
            let part = f64::from(byte) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        let [r, g, b] = self.0.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_accent_becomes_legible_on_both_pages() {
        for accent in ["#ffee00", "#0b3d91", "#000000", "#ffffff", "#c8102e"] {
            let accent = Colour::parse(accent).unwrap();
            assert!(accent.on_light().contrast(WHITE) >= LEGIBLE, "{accent:?}");
            assert!(
                accent.on_dark().contrast(DARK_PAPER) >= LEGIBLE,
                "{accent:?}"
            );
        }
        assert_eq!(
            Colour::parse("#0b3d91").unwrap().on_light().css(),
            "#0b3d91"
        );
    }

    #[test]
    fn only_six_hex_digits_are_a_colour() {
        for bad in ["", "#fff", "0b3d91", "#0b3d9g", "#+1+2+3", "red;}"] {
            assert_eq!(Colour::parse(bad), None, "{bad}");
        }
    }
}

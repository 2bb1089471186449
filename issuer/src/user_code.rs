//! User codes: what a device shows, and a person enters here (RFC 8628 §6.1).

use std::fmt;

use crate::secret::{NoEntropy, SecretHash, entropy};

/// No vowels, so that no code is a word (§6.1); 20 of them eight times make 2.56 · 10¹⁰ codes.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// The largest multiple of 20 that a byte holds: what is above it would make some letters more frequent than others.
const EVEN: u8 = 240;

/// Eight letters, shown as `WDJB-MJHT`. `Debug` hides them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UserCode(String);

impl UserCode {
    /// Invents one.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub(crate) fn invent() -> Result<Self, NoEntropy> {
        let mut letters = String::new();
        while letters.len() < LENGTH {
            let even = entropy()?.into_iter().filter(|byte| *byte < EVEN);
            letters.extend(even.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])));
        }
        letters.truncate(LENGTH);
        Ok(Self(letters))
    }

    /// Reads what a person entered: in any case, and with or without the dash or whatever else stands between (§6.1). `None` when
    /// that cannot be a code.
    pub(crate) fn read(entered: &str) -> Option<Self> {
        let letters = entered.bytes().map(|byte| byte.to_ascii_uppercase()).filter(|byte| LETTERS.contains(byte));
        let letters: String = letters.take(LENGTH + 1).map(char::from).collect();
        (letters.len() == LENGTH).then_some(Self(letters))
    }

    /// What is stored instead. It keeps nobody from trying all codes: the code opens nothing by itself.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, other) = self.0.split_at(LENGTH / 2);
        write!(formatter, "{one}-{other}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UserCode(hidden)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_entered() {
        let code = UserCode::read("WDJB-MJHT").unwrap();
        for entered in ["wdjbmjht", "wdjb mjht", " WdJb\u{2013}mJhT. ", "W-D-J-B-M-J-H-T", "WDJBAEIOUY1MJHT"] {
            assert_eq!(UserCode::read(entered), Some(code.clone()), "{entered}");
        }
        for none in ["", "WDJB-MJH", "WDJB-MJHTB", "aeiouy", "\u{ff37}\u{ff24}\u{ff2a}\u{ff22}", &"B".repeat(20_000)] {
            assert_eq!(UserCode::read(none), None, "{none}");
        }
        assert_eq!((code.to_string().as_str(), format!("{code:?}").as_str()), ("WDJB-MJHT", "UserCode(hidden)"));
    }

    #[test]
    fn codes_are_read_as_they_are_shown_and_have_every_letter_about_as_often() {
        let mut counts = HashMap::new();
        for _ in 0..5000 {
            let code = UserCode::invent().unwrap();
            assert_eq!(UserCode::read(&code.to_string()), Some(code.clone()));
            code.0.chars().for_each(|letter| *counts.entry(letter).or_insert(0) += 1);
        }
        // 2000 each, and one in a hundred thousand runs is 200 off.
        assert_eq!(counts.len(), LETTERS.len());
        assert!(counts.values().all(|count| (1800..2200).contains(count)), "{counts:?}");
    }
}

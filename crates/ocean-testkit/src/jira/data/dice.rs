//! Where does the randomness of the site come from?
//!
//! From a counter-free hash of (seed, stream, index): the same three numbers always give the same
//! rolls, so any item can be rendered without having rendered those before it.

/// What is being rolled for; keeps the streams of different kinds of items apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stream {
    Project = 1,
    User,
    Team,
    Issue,
    Family,
    Text,
    Worklog,
    Sprint,
    Version,
    Change,
}

/// A short series of rolls that belongs to one item.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64, stream: Stream, index: u64) -> Self {
        let mixed = scramble(seed ^ scramble((stream as u64) << 56 ^ index));
        Self { state: mixed }
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.state)
    }

    /// A roll from 0 up to, not including, `bound`; 0 if the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll().checked_rem(bound).unwrap_or(0)
    }

    /// A position in a list of `len` items.
    pub(crate) fn position(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// True in `percent` of 100 rolls.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a list of words.
    pub(crate) fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words
            .get(self.position(words.len()))
            .copied()
            .unwrap_or_default()
    }

    /// An identifier in the form of a UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.roll(), self.roll());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }
}

/// The finishing step of `SplitMix64`: every input bit changes about half of the output bits.
fn scramble(mut value: u64) -> u64 {
    value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_roll_equally_and_different_ones_do_not() {
        let rolls = |seed, stream, index| {
            let mut dice = Dice::new(seed, stream, index);
            [dice.roll(), dice.roll()]
        };
        assert_eq!(rolls(7, Stream::User, 3), rolls(7, Stream::User, 3));
        assert_ne!(rolls(7, Stream::User, 3), rolls(7, Stream::User, 4));
        assert_ne!(rolls(7, Stream::User, 3), rolls(8, Stream::User, 3));
        assert_ne!(rolls(7, Stream::User, 3), rolls(7, Stream::Team, 3));
    }

    #[test]
    fn a_chance_is_met_about_as_often_as_it_says() {
        let met = (0..10_000)
            .filter(|index| Dice::new(1, Stream::Issue, *index).chance(30))
            .count();
        assert!((2_800..3_200).contains(&met), "{met}");
    }
}

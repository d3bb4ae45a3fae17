//! The largest, the average and the median of many numbers, in little memory.
//!
//! Start with [`Spread`].

/// Numbers that are kept for the median. Half an hour of samples fits whole; of a longer series
/// every second, every fourth and so on is kept.
const KEPT: usize = 4_096;

/// What is known of a series of numbers.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    count: u64,
    sum: f64,
    max: f64,
    kept: Vec<f64>,
    /// One in so many is kept.
    stride: u64,
}

impl Default for Spread {
    fn default() -> Self {
        Self {
            count: 0,
            sum: 0.0,
            max: 0.0,
            kept: Vec::new(),
            stride: 1,
        }
    }
}

impl Spread {
    pub(super) fn add(&mut self, number: f64) {
        if self.count.is_multiple_of(self.stride) {
            if self.kept.len() == KEPT {
                let mut position = 0_usize;
                self.kept.retain(|_| {
                    position += 1;
                    position % 2 == 1
                });
                self.stride *= 2;
            }
            self.kept.push(number);
        }
        self.count += 1;
        self.sum += number;
        self.max = self.max.max(number);
    }

    pub(super) const fn sum(&self) -> f64 {
        self.sum
    }

    pub(super) const fn max(&self) -> f64 {
        self.max
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a count beyond 2^53 would take a million years"
    )]
    pub(super) fn average(&self) -> f64 {
        if self.count == 0 {
            0.0
        } else {
            self.sum / self.count as f64
        }
    }

    /// The one in the middle, or the mean of both.
    pub(super) fn median(&self) -> f64 {
        let mut sorted = self.kept.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
        let middle = sorted.len() / 2;
        match sorted.len() {
            0 => 0.0,
            length if length % 2 == 1 => at(middle),
            _ => f64::midpoint(at(middle - 1), at(middle)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: impl IntoIterator<Item = f64>) -> Spread {
        let mut spread = Spread::default();
        numbers.into_iter().for_each(|number| spread.add(number));
        spread
    }

    #[test]
    fn the_middle_the_mean_and_the_largest_are_those_of_the_numbers() {
        let numbers = of([52.0, 28.0, 12.0, 180.0]);
        assert_eq!((numbers.max(), numbers.average()), (180.0, 68.0));
        assert_eq!((numbers.median(), numbers.sum()), (40.0, 272.0));
        assert_eq!(of([3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!((of([]).median(), of([]).average()), (0.0, 0.0));
    }

    #[test]
    fn a_long_series_takes_no_more_memory_and_keeps_its_median() {
        let numbers = of((0..1_000_000).map(f64::from));
        assert!(numbers.kept.len() <= KEPT);
        let error = (numbers.median() - 500_000.0).abs();
        assert!(error < 5_000.0, "{error}");
        assert_eq!(numbers.max(), 999_999.0);
    }
}

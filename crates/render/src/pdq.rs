//! The order in which Go's `sort.Sort` leaves things. It is not stable, so which of two equal objects comes first depends
//! on every step it takes: those of a pattern-defeating quicksort without blocks.

/// Runs up to this long are sorted by insertion.
const MAX_INSERTION: usize = 12;
/// From here on a pivot is looked for among nine, and almost sorted runs are mended.
const NINTHER: usize = 50;
/// Swaps among nine that say the run is turned around.
const MAX_SWAPS: usize = 12;
/// Pairs in the wrong order that are mended before it counts as not almost sorted.
const MAX_MENDED: usize = 5;

/// The positions 0 to `count` in their new order; `less` says whether one comes before another.
pub fn sort(count: usize, less: impl FnMut(usize, usize) -> bool) -> Vec<usize> {
    let mut run = Run { order: (0..count).collect(), less };
    let limit = usize::BITS - count.leading_zeros();
    run.quick(0, count, limit);
    run.order
}

enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

struct Run<F> {
    order: Vec<usize>,
    less: F,
}

impl<F: FnMut(usize, usize) -> bool> Run<F> {
    fn less(&mut self, one: usize, other: usize) -> bool {
        (self.less)(self.order[one], self.order[other])
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.order.swap(one, other);
    }

    fn quick(&mut self, mut from: usize, mut to: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = to - from;
            if length <= MAX_INSERTION {
                return self.insertion(from, to);
            }
            if limit == 0 {
                return self.heap(from, to);
            }
            if !balanced {
                self.shake(from, to);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.pivot(from, to);
            if let Hint::Decreasing = hint {
                self.order[from..to].reverse();
                pivot = (to - 1) - (pivot - from);
                hint = Hint::Increasing;
            }
            if balanced && partitioned && matches!(hint, Hint::Increasing) && self.mend(from, to) {
                return;
            }
            if from > 0 && !self.less(from - 1, pivot) {
                from = self.partition_equal(from, to, pivot);
                continue;
            }
            let (middle, was_partitioned) = self.partition(from, to, pivot);
            partitioned = was_partitioned;
            let (left, right) = (middle - from, to - middle);
            balanced = left.min(right) >= length / 8;
            if left < right {
                self.quick(from, middle, limit);
                from = middle + 1;
            } else {
                self.quick(middle + 1, to, limit);
                to = middle;
            }
        }
    }

    fn insertion(&mut self, from: usize, to: usize) {
        for start in from + 1..to {
            let mut at = start;
            while at > from && self.less(at, at - 1) {
                self.swap(at, at - 1);
                at -= 1;
            }
        }
    }

    fn heap(&mut self, from: usize, to: usize) {
        let length = to - from;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift_down(root, length, from);
        }
        for end in (0..length).rev() {
            self.swap(from, from + end);
            self.sift_down(0, end, from);
        }
    }

    fn sift_down(&mut self, mut root: usize, end: usize, from: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return;
            }
            if child + 1 < end && self.less(from + child, from + child + 1) {
                child += 1;
            }
            if !self.less(from + root, from + child) {
                return;
            }
            self.swap(from + root, from + child);
            root = child;
        }
    }

    /// Moves what is less than the pivot to its left, and says where the pivot is now.
    fn partition(&mut self, from: usize, to: usize, pivot: usize) -> (usize, bool) {
        self.swap(from, pivot);
        let (mut low, mut high) = (from + 1, to - 1);
        let mut swapped = false;
        loop {
            while low <= high && self.less(low, from) {
                low += 1;
            }
            while low <= high && !self.less(high, from) {
                high -= 1;
            }
            if low > high {
                break;
            }
            self.swap(low, high);
            low += 1;
            high -= 1;
            swapped = true;
        }
        self.swap(high, from);
        (high, !swapped)
    }

    /// Moves what equals the pivot to the left, where nothing is less than it.
    fn partition_equal(&mut self, from: usize, to: usize, pivot: usize) -> usize {
        self.swap(from, pivot);
        let (mut low, mut high) = (from + 1, to - 1);
        loop {
            while low <= high && !self.less(from, low) {
                low += 1;
            }
            while low <= high && self.less(from, high) {
                high -= 1;
            }
            if low > high {
                return low;
            }
            self.swap(low, high);
            low += 1;
            high -= 1;
        }
    }

    /// Sorts what is almost sorted; false when it gave up.
    fn mend(&mut self, from: usize, to: usize) -> bool {
        let mut at = from + 1;
        for _ in 0..MAX_MENDED {
            while at < to && !self.less(at, at - 1) {
                at += 1;
            }
            if at == to {
                return true;
            }
            if to - from < NINTHER {
                return false;
            }
            self.swap(at, at - 1);
            if at - from >= 2 {
                // Down to the very first element, not only to that of the run: so it is in Go.
                let mut left = at - 1;
                while left >= 1 && self.less(left, left - 1) {
                    self.swap(left, left - 1);
                    left -= 1;
                }
            }
            let mut right = at + 1;
            while right < to && self.less(right, right - 1) {
                self.swap(right, right - 1);
                right += 1;
            }
        }
        false
    }

    /// Moves some elements around, so that a pattern does not bring bad pivots again and again.
    fn shake(&mut self, from: usize, to: usize) {
        let length = to - from;
        let mut random = length as u64;
        let mask = (1_usize << (usize::BITS - length.leading_zeros())) - 1;
        let middle = from + length / 4 * 2;
        for at in middle - 1..=middle + 1 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let other = usize::try_from(random & mask as u64).unwrap_or_default();
            self.swap(at, from + if other >= length { other - length } else { other });
        }
    }

    fn pivot(&mut self, from: usize, to: usize) -> (usize, Hint) {
        let quarter = (to - from) / 4;
        let mut swaps = 0;
        let mut places = [from + quarter, from + quarter * 2, from + quarter * 3];
        if to - from >= NINTHER {
            places = places.map(|at| self.median([at - 1, at, at + 1], &mut swaps));
        }
        let pivot = self.median(places, &mut swaps);
        let hint = match swaps {
            0 => Hint::Increasing,
            MAX_SWAPS => Hint::Decreasing,
            _ => Hint::Unknown,
        };
        (pivot, hint)
    }

    fn median(&mut self, [mut low, mut middle, mut high]: [usize; 3], swaps: &mut usize) -> usize {
        self.ordered(&mut low, &mut middle, swaps);
        self.ordered(&mut middle, &mut high, swaps);
        self.ordered(&mut low, &mut middle, swaps);
        middle
    }

    fn ordered(&mut self, one: &mut usize, other: &mut usize, swaps: &mut usize) {
        if self.less(*other, *one) {
            *swaps += 1;
            std::mem::swap(one, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A simple generator, so that every run is the same.
    fn numbers(count: usize, most: u64, seed: u64) -> Vec<u64> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn everything_comes_out_sorted_and_once() {
        for count in [0, 1, 2, 12, 13, 49, 50, 51, 200, 1_000] {
            for most in [1, 3, 1_000_000] {
                let values = numbers(count, most, 7);
                let order = sort(count, |one, other| values[one] < values[other]);
                let sorted: Vec<_> = order.iter().map(|at| values[*at]).collect();
                let mut expected = values.clone();
                expected.sort_unstable();
                assert_eq!(sorted, expected, "{count} {most}");
            }
        }
    }

    #[test]
    fn patterns_are_sorted_too() {
        let patterns: [fn(usize) -> usize; 5] =
            [|at| at, |at| 500 - at, |at| at % 7, |at| at ^ 1, |at| at * 7919 % 500];
        for pattern in patterns {
            let values: Vec<_> = (0..500).map(pattern).collect();
            let order = sort(500, |one, other| values[one] < values[other]);
            assert!(order.is_sorted_by_key(|at| values[*at]));
        }
    }

    #[test]
    fn a_comparison_that_contradicts_itself_ends() {
        for count in [10, 100, 1_000] {
            let mut flip = false;
            let order = sort(count, |_, _| {
                flip = !flip;
                flip
            });
            assert_eq!(order.len(), count);
            assert_eq!(sort(count, |_, _| true).len(), count);
        }
    }
}

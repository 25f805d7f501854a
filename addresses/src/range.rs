//! Ranges of numbers, which stand for addresses of one version of IP.

/// Ranges in their order, both ends included; no two touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<(u128, u128)>);

impl Ranges {
    pub(crate) fn of(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::new();
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }

    /// How many numbers there are, or the largest number where there are more.
    pub(crate) fn len(&self) -> u128 {
        self.0.iter().map(|(first, last)| (last - first).saturating_add(1)).fold(0, u128::saturating_add)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, number: u128) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|(_, last)| number <= *last)
    }

    /// The numbers that `other` does not hold.
    pub(crate) fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        let mut removed = other.0.iter().peekable();
        for (first, last) in &self.0 {
            // What is not decided yet; nothing when the largest number was.
            let mut from = Some(*first);
            while removed.next_if(|(_, end)| end < first).is_some() {}
            for (start, end) in removed.clone().take_while(|(start, _)| start <= last) {
                if let (Some(from), Some(before)) = (from, start.checked_sub(1))
                    && from <= before
                {
                    left.push((from, before));
                }
                from = end.checked_add(1);
            }
            if let Some(from) = from.filter(|from| from <= last) {
                left.push((from, *last));
            }
        }
        Self(left)
    }

    /// The same numbers as ranges none of which has a bound within: each bound begins a range.
    pub(crate) fn pieces(&self, bounds: impl Iterator<Item = u128>) -> Pieces {
        let mut bounds: Vec<u128> = bounds.collect();
        bounds.sort_unstable();
        let mut pieces = Vec::new();
        for (first, last) in &self.0 {
            let mut from = *first;
            for bound in bounds.iter().filter(|bound| (first.saturating_add(1)..=*last).contains(bound)) {
                if from < *bound {
                    pieces.push((from, bound - 1));
                }
                from = *bound;
            }
            pieces.push((from, *last));
        }
        Pieces(pieces)
    }

    /// The numbers, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u128> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
}

/// Ranges that may touch, see [`Ranges::pieces`].
pub(crate) struct Pieces(Vec<(u128, u128)>);

impl Pieces {
    /// Those whose first number is as it should be.
    pub(crate) fn filter(self, is_it: impl Fn(u128) -> bool) -> Ranges {
        Ranges::of(self.0.into_iter().filter(|(first, _)| is_it(*first)).collect())
    }
}

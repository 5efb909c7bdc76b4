//! Sets of minutes.

/// Minutes as sorted half-open intervals, none empty, none overlapping or touching. Two are equal exactly when they hold
/// the same minutes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Intervals(Vec<(u16, u16)>);

/// A set that holds nothing, to point to.
pub(super) static NONE: Intervals = Intervals(Vec::new());

impl Intervals {
    pub(super) fn as_slice(&self) -> &[(u16, u16)] {
        &self.0
    }

    /// What of it lies in `from..to`, counted from `from`.
    pub(super) fn within(&self, from: u16, to: u16) -> impl Iterator<Item = (u16, u16)> + use<'_> {
        let ahead = self.0.iter().skip_while(move |(_, end)| *end <= from).take_while(move |(start, _)| *start < to);
        ahead.map(move |&(start, end)| (start.max(from) - from, end.min(to) - from))
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).copied().collect()
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        self.0.iter().flat_map(|&(from, to)| other.within(from, to).map(move |(a, b)| (from + a, from + b))).collect()
    }
}

impl FromIterator<(u16, u16)> for Intervals {
    /// Sorts, leaves empty ones out, and joins what overlaps or touches.
    fn from_iter<I: IntoIterator<Item = (u16, u16)>>(intervals: I) -> Self {
        let mut sorted: Vec<(u16, u16)> = intervals.into_iter().filter(|(from, to)| from < to).collect();
        sorted.sort_unstable();
        let mut apart: Vec<(u16, u16)> = Vec::with_capacity(sorted.len());
        for (from, to) in sorted {
            match apart.last_mut() {
                Some((_, end)) if from <= *end => *end = to.max(*end),
                _ => apart.push((from, to)),
            }
        }
        Self(apart)
    }
}

//! A reconnect storm, played: clients whose sockets ended at one moment come back as the protocol tells them, and the nodes take so many
//! a second and send the others away.
//!
//! Clients wait evenly spread over a second at first, then over twice as long each time, up to a minute: with many of them
//! the spread itself is what counts, so it is played with shares and not with dice.

use std::collections::VecDeque;

/// Moments in a second.
const MOMENTS: u64 = 10;
/// From the seventh try on, a wait is spread over a minute.
const LONGEST_SECONDS: u64 = 60;
const TRIES: usize = 7;

/// Clients that try at one moment, by how often they were sent away before.
type Trying = [u64; TRIES];

/// Whole seconds until so many clients are all back, where the nodes together take `per_second`.
pub fn settled(clients: u64, per_second: u64) -> u64 {
    let per_moment = (per_second / MOMENTS).max(1);
    let mut coming = VecDeque::new();
    spread(&mut coming, clients, 0);
    let mut moments = 0;
    while let Some(trying) = coming.pop_front() {
        moments += 1;
        let mut room = per_moment;
        for (tries, count) in trying.into_iter().enumerate() {
            let taken = count.min(room);
            room -= taken;
            spread(&mut coming, count - taken, tries + 1);
        }
    }
    u64::div_ceil(moments, MOMENTS)
}

/// Spreads clients evenly over the wait that follows so many tries.
fn spread(coming: &mut VecDeque<Trying>, clients: u64, tries: usize) {
    let tries = tries.min(TRIES - 1);
    let seconds = u32::try_from(tries).map_or(LONGEST_SECONDS, |tries| (1 << tries).min(LONGEST_SECONDS));
    let moments = seconds * MOMENTS;
    let (each, more) = (clients / moments, clients % moments);
    // Where each moment gets less than one, nobody beyond the last is waited for.
    let wanted = if each > 0 { moments } else { more };
    for moment in 0..wanted {
        let at = usize::try_from(moment).unwrap_or(usize::MAX);
        if coming.len() <= at {
            coming.push_back(Trying::default());
        }
        let share = each + u64::from(moment < more);
        if let Some(count) = coming.get_mut(at).and_then(|trying| trying.get_mut(tries)) {
            *count += share;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::settled;

    #[test]
    fn where_there_is_room_for_all_the_first_wait_is_the_storm() {
        assert_eq!(settled(1_000, 1_000_000), 1);
        assert_eq!(settled(0, 1_000), 0);
    }

    proptest! {
        #[test]
        fn everybody_comes_back_and_more_room_never_takes_much_longer(clients in 0u64..200_000, per_second in 100u64..20_000) {
            let once = settled(clients, per_second);
            prop_assert!(once >= clients.div_ceil(per_second.max(1)).saturating_sub(1));
            // A wait more or less, since who is sent away waits longer than needed.
            prop_assert!(settled(clients, per_second * 2) <= once + 60);
        }
    }
}

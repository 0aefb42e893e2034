//! Addresses: buffers that live at the same time do not overlap; the arena is as low as found.

use crate::plan::data::{ALIGNMENT, Slot};

/// Rounds of repair of an arena that is higher than its fullest moment.
const ROUNDS: usize = 48;

/// Places every slot; returns the arena's height.
///
/// Greedy by a key, each slot in the smallest gap that holds it among the slots alive at the same time, for several
/// keys. While the best is higher than the live bytes of the fullest moment, the slots that exceed them come
/// earlier in its order and all are placed again (squeaky wheel optimization, Joslin and Clements 1999).
pub(super) fn place(slots: &mut [Slot]) -> u64 {
    type Key = fn(&Slot) -> (u64, u64);
    fn length(slot: &Slot) -> u64 {
        slot.last - slot.first + 1
    }
    let keys: [Key; 4] = [
        |s| (s.bytes, length(s)),
        |s| (length(s), s.bytes),
        |s| (s.bytes.saturating_mul(length(s)), s.bytes),
        |s| (u64::MAX - s.first, s.bytes),
    ];
    let order = |key: Key| {
        let mut order: Vec<usize> = (0..slots.len()).collect();
        order.sort_by_key(|&k| (std::cmp::Reverse(key(&slots[k])), k));
        order
    };
    let placed = keys.map(order).map(|order| (greedy(slots, &order), order));
    let (placed, order) = placed.into_iter().min_by_key(|((height, _), _)| *height).expect("there are keys");
    let mut best = Placed { height: placed.0, offsets: placed.1 };
    mend(slots, order, fullest(slots), &mut best);
    slots.iter_mut().zip(best.offsets).for_each(|(slot, offset)| slot.offset = offset);
    best.height
}

/// The offset of every slot, and the height of the arena.
struct Placed {
    height: u64,
    offsets: Vec<u64>,
}

/// Bytes alive at the fullest moment: no arena is lower.
fn fullest(slots: &[Slot]) -> u64 {
    let live = |at: u64| {
        let alive = slots.iter().filter(|s| s.first <= at && at <= s.last);
        alive.map(|s| s.bytes.next_multiple_of(ALIGNMENT)).sum::<u64>()
    };
    slots.iter().map(|s| live(s.first)).max().unwrap_or(0)
}

/// Places slots in an order and in orders repaired from it, as long as that may help.
fn mend(slots: &[Slot], mut order: Vec<usize>, least: u64, best: &mut Placed) {
    for _ in 0..ROUNDS {
        if best.height <= least {
            return;
        }
        let (height, offsets) = greedy(slots, &order);
        let end = |k: usize| offsets[k] + slots[k].bytes.next_multiple_of(ALIGNMENT);
        let out: Vec<usize> = (0..order.len()).filter(|&at| end(order[at]) > least).collect();
        for at in out.iter().copied() {
            let slot = order.remove(at);
            order.insert(at / 2, slot);
        }
        if height < best.height {
            *best = Placed { height, offsets };
        }
        if out.iter().all(|at| *at == 0) {
            return;
        }
    }
}

fn greedy(slots: &[Slot], order: &[usize]) -> (u64, Vec<u64>) {
    let mut offsets = vec![0; slots.len()];
    let mut placed: Vec<usize> = Vec::new();
    let mut height = 0;
    for &k in order {
        let slot = &slots[k];
        let mut around: Vec<(u64, u64)> = placed
            .iter()
            .filter(|&&p| slots[p].first <= slot.last && slot.first <= slots[p].last && slots[p].bytes > 0)
            .map(|&p| (offsets[p], offsets[p] + slots[p].bytes.next_multiple_of(ALIGNMENT)))
            .collect();
        around.sort_unstable();
        // The smallest gap that holds it, else on top.
        let need = slot.bytes.next_multiple_of(ALIGNMENT);
        let (mut at, mut best) = (0, None);
        for (start, end) in around {
            if start >= at && start - at >= need && best.is_none_or(|(size, _)| start - at < size) {
                best = Some((start - at, at));
            }
            at = at.max(end);
        }
        offsets[k] = best.map_or(at, |(_, offset)| offset);
        height = height.max(offsets[k] + need);
        placed.push(k);
    }
    (height, offsets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::data::SlotKind;
    use crate::random::Choices;

    fn slots(spec: &[(u64, u64, u64)]) -> Vec<Slot> {
        let slot = |&(bytes, first, last)| Slot {
            name: String::new(),
            kind: SlotKind::Temporary,
            offset: 0,
            bytes,
            first,
            last,
        };
        spec.iter().map(slot).collect()
    }

    #[test]
    fn buffers_that_never_meet_share_their_place() {
        let check = |spec: &[(u64, u64, u64)], height: u64| assert_eq!(place(&mut slots(spec)), height, "{spec:?}");
        check(&[], 0);
        check(&[(100, 0, 1), (100, 2, 3)], 128);
        check(&[(100, 0, 2), (100, 2, 3)], 256);
        check(&[(64, 0, 5), (640, 0, 1), (640, 2, 3), (320, 4, 5), (320, 4, 5)], 704);
        check(&[(0, 0, 9), (64, 0, 9)], 64);
    }

    #[test]
    fn arenas_are_near_what_lives_at_the_fullest_moment() {
        let mut choices = Choices::new(5);
        let mut next = |below: usize| choices.next(below) as u64;
        let (mut heights, mut fullest_moments) = (0, 0);
        for _ in 0..60 {
            let spec: Vec<(u64, u64, u64)> = (0..8 + next(40))
                .map(|_| {
                    let first = next(40);
                    (64 << next(7), first, first + 1 + next(12))
                })
                .collect();
            let mut all = slots(&spec);
            let height = place(&mut all);
            for (k, a) in all.iter().enumerate() {
                assert!(a.offset + a.bytes <= height);
                let together = |b: &&Slot| a.first <= b.last && b.first <= a.last;
                let apart = |b: &Slot| a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
                assert!(all[..k].iter().filter(together).all(apart), "{spec:?}");
            }
            heights += height;
            fullest_moments += fullest(&all);
        }
        assert!(heights * 100 <= fullest_moments * 102, "{heights} bytes where {fullest_moments} live");
    }
}

//! Addresses: buffers that live at the same time do not overlap; the arena is as low as found.

use super::{ALIGNMENT, Slot};

/// Places every slot; gives the arena's height.
///
/// Greedy by a key, each slot at the lowest gap among those it lives with; several keys are tried and
/// the lowest arena kept.
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
    let mut best: Option<(u64, Vec<u64>)> = None;
    for key in keys {
        let mut order: Vec<usize> = (0..slots.len()).collect();
        order.sort_by_key(|&k| (std::cmp::Reverse(key(&slots[k])), k));
        let (height, offsets) = greedy(slots, &order);
        if best.as_ref().is_none_or(|(h, _)| height < *h) {
            best = Some((height, offsets));
        }
    }
    let (height, offsets) = best.unwrap_or_default();
    slots.iter_mut().zip(offsets).for_each(|(slot, offset)| slot.offset = offset);
    height
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
    use super::super::SlotKind;
    use super::*;

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
}

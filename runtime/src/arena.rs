//! The one block of memory a plan runs in.
//!
//! An [`Arena`] is a single anonymous mapping of exactly the size the plan asked for (rounded to 64 bytes), with an
//! inaccessible page on either side: a kernel that runs off the end stops there and then, it does not spoil another
//! tensor. The arena never grows, never moves and hands out no ownership: offsets come from the plan.

#![allow(unsafe_code)] // Maps memory and views it as f32; each block says why it is sound.

/// Every arena, and every tensor placed in one, starts on a multiple of this many bytes.
pub const ALIGNMENT: usize = 64;

/// The bits [`Arena::poison`] writes: a signalling NaN that stands out in a dump. Each half is NaN in bfloat16.
pub const POISON: u32 = 0x7fa5_7fa5;

/// What can go wrong with an arena.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArenaError {
    /// The system refused the mapping.
    #[error("could not map an arena of {bytes} bytes: {reason}")]
    Refused {
        /// The bytes asked for.
        bytes: usize,
        /// The system's reason.
        reason: String,
    },
    /// A view reaches past the end.
    #[error("{bytes} bytes at offset {offset} reach past the arena's {arena} bytes")]
    OutOfBounds {
        /// First byte of the view.
        offset: usize,
        /// Bytes in the view.
        bytes: usize,
        /// Bytes in the arena.
        arena: usize,
    },
    /// A view of f32 starts off a multiple of four bytes.
    #[error("offset {offset} is not a multiple of 4 bytes")]
    Misaligned {
        /// First byte of the view.
        offset: usize,
    },
}

/// One mapping of a fixed size, zeroed at the start, between two guard pages; unmapped on drop.
#[derive(Debug)]
pub struct Arena {
    map: Mapping,
    /// Address of byte 0: the mapping's end less the length rounded up to [`ALIGNMENT`].
    base: *mut u8,
    len: usize,
}

// SAFETY: the arena owns its mapping outright; no thread-local state is involved.
unsafe impl Send for Arena {}
// SAFETY: through `&Arena` only shared views and an address are given out; writing through the address is `unsafe` and
// its caller's to order.
unsafe impl Sync for Arena {}

impl Arena {
    /// Maps `bytes` bytes of zeros. The last byte, rounded up to 64, touches the upper guard page.
    pub fn new(bytes: usize) -> Result<Self, ArenaError> {
        let refused = |reason: String| ArenaError::Refused { bytes, reason };
        let rounded = bytes.checked_next_multiple_of(ALIGNMENT).ok_or_else(|| refused("the size overflows".into()))?;
        let map = Mapping::new(rounded).map_err(refused)?;
        // SAFETY: `Mapping::new` gave at least `rounded` usable bytes, so the offset stays within them.
        let base = unsafe { map.start.add(map.usable - rounded) };
        Ok(Self { map, base, len: bytes })
    }

    /// Bytes in the arena, as asked for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the arena has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Address of byte 0, a multiple of [`ALIGNMENT`]; valid for reads and writes of `len()` bytes while the arena lives.
    #[must_use]
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    /// The `count` numbers at `offset` bytes.
    pub fn slice_f32(&self, offset: usize, count: usize) -> Result<&[f32], ArenaError> {
        let at = self.check_f32(offset, count)?;
        // SAFETY: `check_f32` proved the range inside the arena and aligned; the memory is initialised (zeros at first) and
        // any bits are an f32. Writers through `base` promise not to overlap a live view.
        Ok(unsafe { std::slice::from_raw_parts(at, count) })
    }

    /// The `count` numbers at `offset` bytes, to write.
    pub fn slice_f32_mut(&mut self, offset: usize, count: usize) -> Result<&mut [f32], ArenaError> {
        let at = self.check_f32(offset, count)?;
        // SAFETY: as in `slice_f32`; `&mut self` makes it the only safe view.
        Ok(unsafe { std::slice::from_raw_parts_mut(at, count) })
    }

    /// Fills every whole word of `bytes` bytes at `offset` with [`POISON`], so that a read of dead memory shows.
    pub fn poison(&mut self, offset: usize, bytes: usize) -> Result<(), ArenaError> {
        self.check(offset, bytes)?;
        self.slice_f32_mut(offset, bytes / 4)?.fill(f32::from_bits(POISON));
        Ok(())
    }

    /// The exact end, in bytes, of what was written since the whole arena was poisoned: one past the last word that no
    /// longer holds [`POISON`]. 0 where every word still does.
    #[must_use]
    pub fn high_water(&self) -> usize {
        let words = self.slice_f32(0, self.len / 4).expect("the arena holds its own whole words");
        words.iter().rposition(|x| x.to_bits() != POISON).map_or(0, |last| (last + 1) * 4)
    }

    /// Bytes of the mapping that the system backs with memory now: a whole number of pages, guard pages not counted.
    /// With transparent huge pages one touch may count 2 MiB; for the exact figure see [`Self::high_water`].
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        self.map.resident_bytes()
    }

    fn check(&self, offset: usize, bytes: usize) -> Result<(), ArenaError> {
        match offset.checked_add(bytes) {
            Some(end) if end <= self.len => Ok(()),
            _ => Err(ArenaError::OutOfBounds { offset, bytes, arena: self.len }),
        }
    }

    fn check_f32(&self, offset: usize, count: usize) -> Result<*mut f32, ArenaError> {
        self.check(offset, count.saturating_mul(4))?;
        if !offset.is_multiple_of(4) {
            return Err(ArenaError::Misaligned { offset });
        }
        // SAFETY: `check` proved `offset <= len`, so the result is inside the mapping or one past its end.
        Ok(unsafe { self.base.add(offset) }.cast())
    }
}

/// `usable` bytes of read-write memory, a whole number of pages, at `start`, one guard page before and one after.
#[derive(Debug)]
struct Mapping {
    start: *mut u8,
    usable: usize,
    page: usize,
    /// All that was mapped.
    #[cfg(not(miri))]
    whole: (*mut u8, usize),
}

/// Large pages start at multiples of this.
#[cfg(not(miri))]
const LARGE_PAGE: usize = 2 << 20;

#[cfg(not(miri))]
impl Mapping {
    fn new(bytes: usize) -> Result<Self, String> {
        // SAFETY: a query of a constant of the system.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
        let overflow = || "the size overflows".to_owned();
        let usable = bytes.checked_next_multiple_of(page).ok_or_else(overflow)?;
        // Room for the guards, and to begin at a large page.
        let whole = usable.checked_add(2 * page + LARGE_PAGE).ok_or_else(overflow)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a fresh anonymous mapping at an address of the system's choice touches no existing memory.
        let low = unsafe { libc::mmap(std::ptr::null_mut(), whole, libc::PROT_NONE, flags, -1, 0) };
        if low == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error().to_string());
        }
        let low = low.cast::<u8>();
        let before = page + low.wrapping_add(page).align_offset(LARGE_PAGE);
        // SAFETY: less than `page + LARGE_PAGE`, so the address is inside the mapping just made.
        let map = Self { start: unsafe { low.add(before) }, usable, page, whole: (low, whole) };
        if usable > 0 {
            // SAFETY: the range is the inside of the mapping just made, whole pages; on failure `map` unmaps it.
            let rc = unsafe { libc::mprotect(map.start.cast(), usable, libc::PROT_READ | libc::PROT_WRITE) };
            if rc != 0 {
                return Err(std::io::Error::last_os_error().to_string());
            }
            // Products step through memory in strides that need many small pages at a time. No more is taken than is
            // mapped; where the system has no large pages, small ones do.
            // SAFETY: advice about the same range changes nothing that can be seen in it.
            unsafe { libc::madvise(map.start.cast(), usable, libc::MADV_HUGEPAGE) };
        }
        Ok(map)
    }

    fn resident_bytes(&self) -> usize {
        const PAGES: usize = 4096; // asked of the system at a time, so that nothing is allocated
        let mut flags = [0_u8; PAGES];
        let mut resident = 0;
        for offset in (0..self.usable).step_by(PAGES * self.page) {
            let bytes = (self.usable - offset).min(PAGES * self.page);
            // SAFETY: the range is mapped whole pages, and `flags` has a byte for each.
            let rc = unsafe { libc::mincore(self.start.add(offset).cast(), bytes, flags.as_mut_ptr().cast()) };
            assert_eq!(rc, 0, "mincore refused a range of our own mapping");
            resident += flags[..bytes / self.page].iter().filter(|&&flag| flag & 1 == 1).count();
        }
        resident * self.page
    }
}

#[cfg(not(miri))]
impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: exactly the range mapped in `new`, unmapped once; views borrow the arena and cannot outlive it.
        let rc = unsafe { libc::munmap(self.whole.0.cast(), self.whole.1) };
        debug_assert_eq!(rc, 0, "munmap refused our own mapping");
    }
}

/// Miri knows no page protection: the same memory without guards, from the allocator.
#[cfg(miri)]
impl Mapping {
    fn new(bytes: usize) -> Result<Self, String> {
        let page = 4096;
        let usable = bytes.next_multiple_of(page);
        let layout = std::alloc::Layout::from_size_align(usable + page, page).map_err(|error| error.to_string())?;
        // SAFETY: the layout is not empty.
        Ok(Self { start: unsafe { std::alloc::alloc_zeroed(layout) }, usable, page })
    }

    fn resident_bytes(&self) -> usize {
        self.usable
    }
}

#[cfg(miri)]
impl Drop for Mapping {
    fn drop(&mut self) {
        let layout = std::alloc::Layout::from_size_align(self.usable + self.page, self.page).expect("made in new");
        // SAFETY: allocated in `new` with this layout.
        unsafe { std::alloc::dealloc(self.start, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether one byte at `address` can be read, and whether it can be written, found out without touching it here: the
    /// system answers EFAULT for us. The byte is put back as it was.
    #[cfg(not(miri))]
    fn access(address: *mut u8) -> (bool, bool) {
        let mut ends = [0; 2];
        // SAFETY: `pipe` fills two descriptors; `write` and `read` check the address themselves; both ends are closed.
        unsafe {
            assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
            let readable = libc::write(ends[1], address.cast(), 1) == 1;
            if !readable {
                assert_eq!(libc::write(ends[1], [0_u8].as_ptr().cast(), 1), 1);
            }
            let writable = libc::read(ends[0], address.cast(), 1) == 1;
            libc::close(ends[0]);
            libc::close(ends[1]);
            (readable, writable)
        }
    }

    #[test]
    #[cfg(not(miri))]
    fn guards_touch_both_ends() {
        for bytes in [0, 1, 63, 64, 65, 4095, 4096, 4097, 1 << 20] {
            let arena = Arena::new(bytes).expect("small");
            let end = bytes.next_multiple_of(ALIGNMENT);
            assert_eq!(arena.len(), bytes);
            assert_eq!(arena.base() as usize % ALIGNMENT, 0);
            assert_eq!(access(arena.base().wrapping_add(end)), (false, false), "{bytes}");
            assert_eq!(access(arena.map.start.wrapping_sub(1)), (false, false), "{bytes}");
            if bytes > 0 {
                assert_eq!(access(arena.base()), (true, true), "{bytes}");
                assert_eq!(access(arena.base().wrapping_add(end - 1)), (true, true), "{bytes}");
            }
        }
    }

    #[test]
    fn views_are_checked() {
        let mut arena = Arena::new(130).expect("small");
        arena.slice_f32_mut(4, 2).expect("inside").copy_from_slice(&[1.0, 2.0]);
        assert_eq!(arena.slice_f32(0, 4).expect("inside"), [0.0, 1.0, 2.0, 0.0]);
        assert!(arena.slice_f32(128, 0).expect("empty").is_empty());
        assert_eq!(arena.slice_f32(2, 1), Err(ArenaError::Misaligned { offset: 2 }));
        assert_eq!(arena.slice_f32(128, 1), Err(ArenaError::OutOfBounds { offset: 128, bytes: 4, arena: 130 }));
        assert!(arena.slice_f32(usize::MAX, 1).is_err());
        assert!(arena.slice_f32(0, usize::MAX).is_err());
        assert!(Arena::new(0).expect("empty").is_empty());
    }

    #[test]
    fn high_water_is_exact() {
        let mut arena = Arena::new(4096).expect("small");
        arena.poison(0, 4096).expect("inside");
        assert_eq!(arena.high_water(), 0);
        assert!(arena.slice_f32(8, 1).expect("inside")[0].is_nan());
        arena.slice_f32_mut(400, 3).expect("inside").fill(0.0);
        assert_eq!(arena.high_water(), 412);
        assert!(arena.poison(4000, 97).is_err());
    }

    #[test]
    #[cfg(not(miri))]
    fn resident_bytes_follow_touches() {
        let mut arena = Arena::new(64 << 20).expect("mapped, not touched");
        assert_eq!(arena.resident_bytes(), 0);
        arena.slice_f32_mut(0, 1).expect("inside")[0] = 1.0;
        let one = arena.resident_bytes();
        assert!((1..=4 << 20).contains(&one), "{one}");
        arena.poison(0, 64 << 20).expect("inside");
        assert_eq!(arena.resident_bytes(), 64 << 20);
    }

    #[test]
    #[cfg(not(miri))]
    fn a_refusal_names_the_bytes() {
        let error = Arena::new(1 << 60).expect_err("more than an address space");
        assert!(error.to_string().starts_with("could not map an arena of 1152921504606846976 bytes: "), "{error}");
        assert!(Arena::new(usize::MAX).is_err());
    }
}

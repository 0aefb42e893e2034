//! A pool of threads for kernel steps.
//!
//! [`Pool::run`] hands out the tasks of one step by an atomic counter; the calling thread works too. Workers spin for
//! some microseconds after a step, because the next one usually follows at once, then sleep. A worker that wakes late
//! finds the step closed and goes back: the caller never waits for a thread that has not begun. Nothing is allocated
//! in `run`. There is no stealing, no futures and no second queue.

#![allow(unsafe_code)] // Lends a borrowed closure to the workers for the length of `run`; each block says why it is sound.

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a worker, or a caller waiting for the last task, spins before it sleeps.
const SPIN: Duration = Duration::from_micros(40);

/// A step's body: called with the task's number and the worker's number.
type Body<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// The number of threads this process may use at once: cgroup quota and affinity mask respected.
#[must_use]
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// A fixed set of workers; worker 0 is whichever thread calls [`Pool::run`]. Dropping the pool joins the others.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Held for the length of a step: steps of different callers follow each other.
    turn: Mutex<()>,
}

/// Alone on its cache lines.
#[repr(align(128))]
struct Apart<T>(T);

struct Shared {
    /// Step number (high 32 bits), [`OPEN`], and the workers inside the step (low bits).
    state: Apart<AtomicU64>,
    /// The next task to hand out.
    next: Apart<AtomicUsize>,
    job: UnsafeCell<Job>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    stop: AtomicBool,
    spin: Duration,
    /// Workers asleep on `wake`, or about to be. Guards nothing else; the step number is in `state`.
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    wake: Condvar,
    door: Mutex<()>,
    done: Condvar,
}

#[derive(Clone, Copy)]
struct Job {
    body: *const Body<'static>,
    tasks: usize,
}

// SAFETY: `job` is the one field that is not Sync. It is written only by the holder of `turn` while the step is closed
// and nobody is inside, and read only by workers inside the step (`enter`), which the caller waits for.
unsafe impl Sync for Shared {}
// SAFETY: the pointer in `job` is used only as said above, and points at a `Sync` closure.
unsafe impl Send for Shared {}

const OPEN: u64 = 1 << 31;
const INSIDE: u64 = OPEN - 1;
const STEP: u64 = 1 << 32;

thread_local! {
    /// The pool whose task this thread is in, and as which worker: a nested `run` is executed in place.
    static CURRENT: Cell<(*const Shared, usize)> = const { Cell::new((std::ptr::null(), 0)) };
}

/// Nothing guarded by these locks can be left half done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} threads)", self.threads())
    }
}

impl Pool {
    /// A pool of `threads` workers, the caller among them (0 is taken as 1). Where the system refuses a thread the pool
    /// has fewer, as [`Self::threads`] says.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        // With more threads than cores a spinning worker keeps a working one from its core.
        let spin = if threads <= available_threads() { SPIN } else { Duration::ZERO };
        let shared = Arc::new(Shared {
            state: Apart(AtomicU64::new(0)),
            next: Apart(AtomicUsize::new(0)),
            job: UnsafeCell::new(Job { body: &|_, _| {}, tasks: 0 }),
            panic: Mutex::new(None),
            stop: AtomicBool::new(false),
            spin,
            sleepers: AtomicUsize::new(0),
            bed: Mutex::new(()),
            wake: Condvar::new(),
            door: Mutex::new(()),
            done: Condvar::new(),
        });
        let mut workers = Vec::with_capacity(threads.saturating_sub(1));
        for worker in 1..threads {
            let shared = Arc::clone(&shared);
            let builder = std::thread::Builder::new().name(format!("crease-{worker}"));
            match builder.spawn(move || shared.serve(worker)) {
                Ok(handle) => workers.push(handle),
                Err(_) => break,
            }
        }
        Self { shared, workers, turn: Mutex::new(()) }
    }

    /// Workers, the caller among them: at least 1. Worker numbers are below this.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `body(task, worker)` for every task in `0..tasks` and returns when all are done. No two calls that overlap
    /// in time have the same worker number. From inside a task of this pool the tasks run in place, one after another,
    /// as the worker that called. (Tasks of two pools that run each other's may wait for each other for ever.)
    ///
    /// # Panics
    /// With the first task's panic, after the running tasks have ended; tasks not yet begun are dropped.
    pub fn run(&self, tasks: usize, body: &Body<'_>) {
        let (pool, worker) = CURRENT.get();
        if std::ptr::eq(pool, Arc::as_ptr(&self.shared)) {
            (0..tasks).for_each(|task| body(task, worker));
            return;
        }
        let _turn = lock(&self.turn);
        let _inside = Inside::new(&self.shared, 0);
        if tasks <= 1 || self.workers.is_empty() {
            (0..tasks).for_each(|task| body(task, 0));
            return;
        }
        self.shared.step(tasks, body);
        if let Some(panic) = lock(&self.shared.panic).take() {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.state.0.fetch_add(STEP, Ordering::SeqCst);
        drop(lock(&self.shared.bed));
        self.shared.wake.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches its tasks' panics, so it has none of its own to report.
            let _ = worker.join();
        }
    }
}

/// Marks this thread as worker of a pool; on drop, panic or not, as what it was before.
struct Inside((*const Shared, usize));

impl Inside {
    fn new(shared: &Shared, worker: usize) -> Self {
        Self(CURRENT.replace((shared, worker)))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

impl Shared {
    /// The caller's side of one step.
    fn step(&self, tasks: usize, body: &Body<'_>) {
        // SAFETY: only the lifetime changes. The pointer is read only by workers inside the step, and this function
        // returns (it cannot unwind: `work` catches) after closing the step and seeing the last one out.
        let body = unsafe { std::mem::transmute::<*const Body<'_>, *const Body<'static>>(body) };
        // SAFETY: the step before is closed and empty, and `turn` keeps other callers out, so nobody else looks.
        unsafe { *self.job.get() = Job { body, tasks } };
        self.next.0.store(0, Ordering::Relaxed);
        let step = (self.state.0.load(Ordering::Relaxed) & !(STEP - 1)).wrapping_add(STEP);
        self.state.0.store(step | OPEN, Ordering::SeqCst);
        // Either a worker's count of itself among the sleepers is seen here, or it sees the new step before it sleeps.
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            drop(lock(&self.bed));
            self.wake.notify_all();
        }
        self.work(Job { body, tasks }, 0);
        if self.state.0.fetch_and(!OPEN, Ordering::AcqRel) & INSIDE != 0 {
            let empty = || self.state.0.load(Ordering::Acquire) & INSIDE == 0;
            if !spin_until(self.spin, empty) {
                let mut door = lock(&self.door);
                while !empty() {
                    door = self.done.wait(door).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// Takes tasks until there are none. Does not unwind.
    fn work(&self, job: Job, worker: usize) {
        let tasks = AssertUnwindSafe(|| {
            loop {
                let task = self.next.0.fetch_add(1, Ordering::Relaxed);
                if task >= job.tasks {
                    return;
                }
                // SAFETY: we are inside the step, so the closure is alive: `step` waits for us.
                unsafe { (*job.body)(task, worker) };
            }
        });
        if let Err(panic) = catch_unwind(tasks) {
            // Hand out no more. The counter can pass `tasks` by at most one a worker.
            self.next.0.store(job.tasks, Ordering::Relaxed);
            lock(&self.panic).get_or_insert(panic);
        }
    }

    /// A worker's life.
    fn serve(&self, worker: usize) {
        let _inside = Inside::new(self, worker);
        let mut seen = 0;
        loop {
            let fresh = || self.state.0.load(Ordering::SeqCst) & !(STEP - 1) != seen;
            if !spin_until(self.spin, fresh) {
                let mut bed = lock(&self.bed);
                self.sleepers.fetch_add(1, Ordering::SeqCst);
                while !fresh() {
                    bed = self.wake.wait(bed).unwrap_or_else(PoisonError::into_inner);
                }
                self.sleepers.fetch_sub(1, Ordering::SeqCst);
            }
            seen = self.state.0.load(Ordering::SeqCst) & !(STEP - 1);
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            if self.enter(seen) {
                // SAFETY: we are inside the step, so the caller does not write the job.
                let job = unsafe { *self.job.get() };
                self.work(job, worker);
                let before = self.state.0.fetch_sub(1, Ordering::AcqRel);
                if before & (OPEN | INSIDE) == 1 {
                    drop(lock(&self.door));
                    self.done.notify_one();
                }
            }
        }
    }

    /// Goes inside step `step` unless it has been closed.
    fn enter(&self, step: u64) -> bool {
        let join = |state: u64| (state & !INSIDE == step | OPEN).then_some(state + 1);
        self.state.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, join).is_ok()
    }
}

/// Whether `ready` came true within `limit`.
fn spin_until(limit: Duration, ready: impl Fn() -> bool) -> bool {
    if ready() {
        return true;
    }
    if limit.is_zero() || cfg!(miri) {
        return false;
    }
    let start = Instant::now();
    loop {
        for _ in 0..32 {
            if ready() {
                return true;
            }
            std::hint::spin_loop();
        }
        if start.elapsed() > limit {
            return ready();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: usize = if cfg!(miri) { 10 } else { 3000 };

    #[test]
    fn every_task_runs_once() {
        for threads in [0, 1, 2, 3, 7] {
            let pool = Pool::new(threads);
            assert_eq!(pool.threads(), threads.max(1));
            for step in 0..STEPS {
                let tasks = step % 37;
                let counts: [AtomicUsize; 37] = std::array::from_fn(|_| AtomicUsize::new(0));
                pool.run(tasks, &|task, worker| {
                    assert!(worker < pool.threads());
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().enumerate().all(|(i, n)| n.load(Ordering::Relaxed) == usize::from(i < tasks)));
            }
        }
    }

    #[test]
    fn a_worker_is_in_one_task_at_a_time() {
        let pool = Pool::new(4);
        let busy: [AtomicBool; 4] = std::array::from_fn(|_| AtomicBool::new(false));
        for _ in 0..STEPS / 10 {
            pool.run(16, &|_, worker| {
                assert!(!busy[worker].swap(true, Ordering::Acquire));
                std::hint::black_box((0..100).sum::<usize>());
                busy[worker].store(false, Ordering::Release);
            });
        }
    }

    #[test]
    fn sleeping_workers_wake() {
        let pool = Pool::new(3);
        for _ in 0..if cfg!(miri) { 2 } else { 20 } {
            std::thread::sleep(Duration::from_millis(2));
            // Three tasks that wait for each other: all three workers must come.
            let here = AtomicUsize::new(0);
            pool.run(3, &|_, _| {
                here.fetch_add(1, Ordering::SeqCst);
                while here.load(Ordering::SeqCst) < 3 {
                    std::thread::yield_now();
                }
            });
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        for threads in [1, 3] {
            let pool = Pool::new(threads);
            for _ in 0..if cfg!(miri) { 2 } else { 50 } {
                let caught = catch_unwind(AssertUnwindSafe(|| {
                    pool.run(20, &|task, _| {
                        if task % 5 == 3 {
                            resume_unwind(Box::new("task fell over"));
                        }
                    });
                }));
                let panic = caught.expect_err("task 3 panics");
                assert_eq!(panic.downcast_ref(), Some(&"task fell over"));
                let sum = AtomicUsize::new(0);
                pool.run(10, &|task, _| {
                    sum.fetch_add(task, Ordering::Relaxed);
                });
                assert_eq!(sum.into_inner(), 45);
            }
        }
    }

    #[test]
    fn a_nested_run_stays_with_its_worker() {
        for threads in [1, 3] {
            let (pool, other) = (Pool::new(threads), Pool::new(2));
            let sum = AtomicUsize::new(0);
            pool.run(4, &|_, outer| {
                pool.run(5, &|task, inner| {
                    assert_eq!(inner, outer);
                    sum.fetch_add(task, Ordering::Relaxed);
                });
                other.run(3, &|_, _| {
                    sum.fetch_add(1, Ordering::Relaxed);
                });
            });
            assert_eq!(sum.into_inner(), 4 * (10 + 3));
        }
    }

    #[test]
    fn callers_take_turns() {
        let pool = Pool::new(2);
        let sum = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..STEPS / 10 {
                        pool.run(4, &|task, _| {
                            sum.fetch_add(task, Ordering::Relaxed);
                        });
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 3 * (STEPS / 10) * 6);
    }
}

//! Ids of the parts of a plan.

use crate::id::id;

id!(
    /// A buffer of the arena: a position in [`super::Plan::slots`].
    SlotId
);
id!(
    /// A weight: a position in [`super::Plan::params`].
    ParamId
);
id!(
    /// A kernel: a position in [`super::Plan::kernels`].
    KernelId
);
id!(
    /// A loop's counter; they count from 0 to [`super::Plan::loops`].
    LoopId
);

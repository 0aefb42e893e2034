//! Functions in Rust that compiled code calls, for one number at a time.

use crease_core::ir::Unary;

/// A function that compiled code calls for one number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Helper {
    Sin,
    Cos,
}

impl Helper {
    pub(super) const COUNT: usize = 2;
    pub(super) const ALL: [Helper; Helper::COUNT] = [Helper::Sin, Helper::Cos];

    pub(super) fn of(function: Unary) -> Option<Helper> {
        match function {
            Unary::Sin => Some(Helper::Sin),
            Unary::Cos => Some(Helper::Cos),
            _ => None,
        }
    }

    pub(super) fn symbol(self) -> &'static str {
        ["crease_sin", "crease_cos"][self as usize]
    }

    pub(super) fn address(self) -> *const u8 {
        let functions: [extern "C" fn(f32) -> f32; Helper::COUNT] = [sin, cos];
        functions[self as usize] as *const u8
    }
}

extern "C" fn sin(x: f32) -> f32 {
    x.sin()
}

extern "C" fn cos(x: f32) -> f32 {
    x.cos()
}

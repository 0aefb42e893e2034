//! The size of an axis before sizes are known: a polynomial over named symbols.
//!
//! `4*C_M`, `H*D` and `S + 1` are extents. They are kept in one canonical form, so two extents are
//! equal exactly when they are equal for every binding of their symbols.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, Mul, Sub};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Concrete sizes of symbols.
pub type Sizes = BTreeMap<String, u64>;

/// The size of an axis: a sum of products of symbols with integer coefficients.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(from = "Products", into = "Products")]
pub struct Extent {
    /// Sorted products (each a sorted list of symbols) with non-zero coefficients. Shared: the planner copies graphs
    /// many times and never changes a size.
    terms: Arc<BTreeMap<Vec<String>, i64>>,
}

/// The products of an extent with their coefficients, as they are serialized: JSON's keys are texts.
type Products = Vec<(Vec<String>, i64)>;

impl From<Extent> for Products {
    fn from(extent: Extent) -> Products {
        extent.terms.iter().map(|(symbols, coefficient)| (symbols.clone(), *coefficient)).collect()
    }
}

impl From<Products> for Extent {
    fn from(products: Products) -> Extent {
        let mut terms = BTreeMap::new();
        for (mut symbols, coefficient) in products {
            symbols.sort();
            let sum: &mut i64 = terms.entry(symbols).or_default();
            *sum = sum.saturating_add(coefficient);
        }
        terms.retain(|_, coefficient| *coefficient != 0);
        Extent { terms: Arc::new(terms) }
    }
}

/// Why an extent has no concrete size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtentError {
    /// A symbol has no size.
    #[error("axis `{0}` has no size: give it one")]
    Unbound(String),
    /// The value is negative or does not fit.
    #[error("extent `{0}` is {1}, which is not a size")]
    OutOfRange(String, String),
}

impl Extent {
    /// A number.
    pub fn literal(value: u64) -> Extent {
        Extent::term(Vec::new(), i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// A named symbol.
    pub fn symbol(name: impl Into<String>) -> Extent {
        Extent::term(vec![name.into()], 1)
    }

    fn term(symbols: Vec<String>, coefficient: i64) -> Extent {
        let mut terms = BTreeMap::new();
        if coefficient != 0 {
            terms.insert(symbols, coefficient);
        }
        Extent { terms: Arc::new(terms) }
    }

    /// The number, where the extent has no symbols.
    pub fn as_literal(&self) -> Option<u64> {
        match self.terms.len() {
            0 => Some(0),
            1 => self.terms.get(&Vec::new() as &Vec<String>).and_then(|&v| u64::try_from(v).ok()),
            _ => None,
        }
    }

    /// The symbol, where the extent is exactly one.
    pub fn as_symbol(&self) -> Option<&str> {
        let (symbols, &coefficient) = self.terms.iter().next()?;
        (self.terms.len() == 1 && coefficient == 1 && symbols.len() == 1).then(|| symbols[0].as_str())
    }

    /// Every symbol named in the extent, sorted.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        let set: std::collections::BTreeSet<&str> = self.terms.keys().flatten().map(String::as_str).collect();
        set.into_iter()
    }

    /// Replaces symbols by extents; symbols that `with` does not know are kept.
    pub fn substitute(&self, with: &dyn Fn(&str) -> Option<Extent>) -> Extent {
        let mut sum = Extent::default();
        for (symbols, &coefficient) in self.terms.iter() {
            let mut product = Extent::term(Vec::new(), coefficient);
            for symbol in symbols {
                product = product * with(symbol).unwrap_or_else(|| Extent::symbol(symbol.clone()));
            }
            sum = sum + product;
        }
        sum
    }

    /// This extent divided by `by`, a single product; none if the quotient is not an extent for all sizes.
    pub fn divided(&self, by: &Extent) -> Option<Extent> {
        let mut terms = by.terms.iter();
        let (divisors, &divisor) = terms.next()?;
        if terms.next().is_some() {
            return None;
        }
        let mut quotient = BTreeMap::new();
        for (symbols, &coefficient) in self.terms.iter() {
            let mut rest = symbols.clone();
            for symbol in divisors {
                rest.remove(rest.iter().position(|s| s == symbol)?);
            }
            if coefficient % divisor != 0 {
                return None;
            }
            quotient.insert(rest, coefficient / divisor);
        }
        Some(Extent { terms: Arc::new(quotient) })
    }

    /// The concrete size under a binding.
    ///
    /// # Errors
    /// A symbol without a size, a negative size, or one that overflows.
    pub fn eval(&self, sizes: &Sizes) -> Result<u64, ExtentError> {
        let mut sum: i128 = 0;
        for (symbols, &coefficient) in self.terms.iter() {
            let mut product = i128::from(coefficient);
            for symbol in symbols {
                let size = sizes.get(symbol).ok_or_else(|| ExtentError::Unbound(symbol.clone()))?;
                product = product.checked_mul(i128::from(*size)).ok_or_else(|| self.too_large())?;
            }
            sum = sum.checked_add(product).ok_or_else(|| self.too_large())?;
        }
        u64::try_from(sum).map_err(|_| ExtentError::OutOfRange(self.to_string(), sum.to_string()))
    }

    fn too_large(&self) -> ExtentError {
        ExtentError::OutOfRange(self.to_string(), "beyond 127 bits".into())
    }
}

impl Add for Extent {
    type Output = Extent;
    fn add(mut self, other: Extent) -> Extent {
        let terms = Arc::make_mut(&mut self.terms);
        for (symbols, coefficient) in other.terms.iter() {
            let entry = terms.entry(symbols.clone()).or_insert(0);
            *entry = entry.saturating_add(*coefficient);
        }
        terms.retain(|_, c| *c != 0);
        self
    }
}

impl Sub for Extent {
    type Output = Extent;
    fn sub(self, other: Extent) -> Extent {
        self + other * Extent::term(Vec::new(), -1)
    }
}

impl Mul for Extent {
    type Output = Extent;
    #[expect(clippy::suspicious_arithmetic_impl, reason = "a product of sums is a sum of products")]
    fn mul(self, other: Extent) -> Extent {
        let mut product = Extent::default();
        for (left, &a) in self.terms.iter() {
            for (right, &b) in other.terms.iter() {
                let mut symbols: Vec<String> = left.iter().chain(right).cloned().collect();
                symbols.sort();
                product = product + Extent::term(symbols, a.saturating_mul(b));
            }
        }
        product
    }
}

impl From<u64> for Extent {
    fn from(value: u64) -> Extent {
        Extent::literal(value)
    }
}

impl From<&str> for Extent {
    /// A symbol, or a number where the text is one.
    fn from(text: &str) -> Extent {
        text.parse::<u64>().map_or_else(|_| Extent::symbol(text), Extent::literal)
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        // Products with symbols first, the plain number last: `S + 1`.
        let (constant, products): (Vec<_>, Vec<_>) = self.terms.iter().partition(|(s, _)| s.is_empty());
        for (position, (symbols, coefficient)) in products.into_iter().chain(constant).enumerate() {
            let sign = match (position, *coefficient < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            f.write_str(sign)?;
            let size = coefficient.unsigned_abs();
            match (symbols.is_empty(), size) {
                (true, _) => write!(f, "{size}")?,
                (false, 1) => f.write_str(&symbols.join("*"))?,
                (false, _) => write!(f, "{size}*{}", symbols.join("*"))?,
            }
        }
        Ok(())
    }
}

/// Prints a shape as `[R, R, C_Z]`.
pub fn shape_text(shape: &[Extent]) -> String {
    let extents: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("[{}]", extents.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(name: &str) -> Extent {
        Extent::symbol(name)
    }

    #[test]
    fn equal_polynomials_are_equal() {
        let n = Extent::literal(4);
        assert_eq!(n.clone() * s("C") + s("R") - s("R"), s("C") * n);
        assert_eq!(s("H") * s("D"), s("D") * s("H"));
        assert_ne!(s("H"), s("D"));
        assert_eq!((s("R") - s("R")).as_literal(), Some(0));
    }

    #[test]
    fn they_print_as_written() {
        let check = |extent: Extent, text: &str| assert_eq!(extent.to_string(), text);
        check(Extent::literal(4) * s("C_M"), "4*C_M");
        check(s("S") + 1.into(), "S + 1");
        check(s("S") - 2.into(), "S - 2");
        check(s("H") * s("D"), "D*H");
        check(Extent::default(), "0");
    }

    #[test]
    fn quotients_are_exact_or_none() {
        let check = |a: &Extent, b: &Extent, expected: Option<Extent>| assert_eq!(a.divided(b), expected, "{a} / {b}");
        let two = Extent::literal(2);
        check(&(two.clone() * s("H") * s("D")), &(two.clone() * s("H")), Some(s("D")));
        check(&(s("H") * s("H") + s("H")), &s("H"), Some(s("H") + 1.into()));
        check(&Extent::literal(12), &Extent::literal(4), Some(3.into()));
        check(&Extent::literal(0), &s("H"), Some(0.into()));
        check(&s("H"), &two, None);
        check(&s("H"), &s("D"), None);
        check(&s("H"), &(s("H") + 1.into()), None);
        check(&s("H"), &Extent::literal(0), None);
    }

    #[test]
    fn evaluation_refuses_what_is_no_size() {
        let sizes = Sizes::from([("R".into(), 3), ("BIG".into(), u64::MAX)]);
        assert_eq!((s("R") * s("R") + 1.into()).eval(&sizes), Ok(10));
        assert!(matches!(s("Q").eval(&sizes), Err(ExtentError::Unbound(q)) if q == "Q"));
        assert!((s("R") - 4.into()).eval(&sizes).is_err());
        assert!((s("BIG") * s("BIG") * s("BIG")).eval(&sizes).is_err());
    }

    #[test]
    fn every_extent_comes_back_from_json_in_its_form() {
        let check = |text: &str, expected: &Extent| {
            assert_eq!(serde_json::from_str::<Extent>(text).expect("an extent"), *expected, "{text}");
        };
        for extent in [Extent::default(), 7.into(), Extent::symbol("R"), Extent::symbol("R") * 4.into() + 1.into()] {
            check(&serde_json::to_string(&extent).expect("JSON"), &extent);
        }
        let product = Extent::symbol("A") * Extent::symbol("B") * 3.into();
        check(r#"[[["B","A"],1],[["A","B"],2],[["C"],1],[["C"],-1]]"#, &product);
    }
}

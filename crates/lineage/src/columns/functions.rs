//! Functions of which more is known than "computed from its arguments".

use std::any::Any;

use datafusion::functions::core::coalesce::CoalesceFunc;
use datafusion::functions::core::nullif::NullIfFunc;
use datafusion::functions::core::nvl::NVLFunc;
use datafusion::functions::core::nvl2::NVL2Func;
use datafusion::functions_nested::array_any_match::ArrayAnyMatch;
use datafusion::functions_nested::array_filter::ArrayFilter;
use datafusion::functions_nested::array_transform::ArrayTransform;
use datafusion::logical_expr::{HigherOrderUDF, ScalarUDF};

/// What an argument of a choosing function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Role {
    /// Its value may be the result.
    pub(super) given: bool,
    /// It decides which value is the result.
    pub(super) decides: bool,
}

/// For functions that return one of their arguments as it is (each is a `CASE` in other words,
/// and the optimiser writes it so), the role of argument `index` of `count`.
///
/// Known by the implementation, not by the name: a user's function may have any name.
pub(super) fn choosing(function: &ScalarUDF, index: usize, count: usize) -> Option<Role> {
    let implementation = function.inner().as_ref();
    let (given, decides) = if implementation.is::<CoalesceFunc>() {
        (true, index + 1 < count)
    } else if implementation.is::<NVLFunc>() {
        (true, index == 0)
    } else if implementation.is::<NVL2Func>() {
        (index > 0, index == 0)
    } else if implementation.is::<NullIfFunc>() {
        (index == 0, true)
    } else {
        return None;
    };
    Some(Role { given, decides })
}

/// True for the functions that give their lambdas the elements of their other arguments and nothing else. One that
/// hands a lambda its own results, as a fold does, would send values through it again and again.
pub(super) fn gives_elements(function: &HigherOrderUDF) -> bool {
    let implementation: &dyn Any = function.inner().as_ref();
    implementation.is::<ArrayTransform>() || implementation.is::<ArrayFilter>() || implementation.is::<ArrayAnyMatch>()
}

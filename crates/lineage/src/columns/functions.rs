//! Functions of which more is known than "computed from its arguments".

use datafusion::functions::core::coalesce::CoalesceFunc;
use datafusion::functions::core::nullif::NullIfFunc;
use datafusion::functions::core::nvl::NVLFunc;
use datafusion::functions::core::nvl2::NVL2Func;
use datafusion::logical_expr::ScalarUDF;

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

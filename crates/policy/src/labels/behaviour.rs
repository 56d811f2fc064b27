//! What functions do to a label. A function that is not here does not compile in a model.

/// What a function does to the label of its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// The result gives the arguments away, or a part of them: their label stays.
    Passes,
    /// The result tells something of the arguments (whether they are alike, how long they are) and does not hold
    /// them: it is an attribute at most.
    Hides,
    /// The result is about all rows of a group together. Behind a k-gate it is an aggregate over people.
    Aggregates,
}

use Behaviour::{Aggregates, Hides, Passes};

/// Functions of one row whose result holds its arguments, or a part of them.
const PASS: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "array_add",
    "array_any_value",
    "array_append",
    "array_avg",
    "array_cat",
    "array_compact",
    "array_concat",
    "array_distance",
    "array_distinct",
    "array_element",
    "array_except",
    "array_extract",
    "array_intersect",
    "array_join",
    "array_max",
    "array_min",
    "array_normalize",
    "array_pop_back",
    "array_pop_front",
    "array_prepend",
    "array_product",
    "array_push_back",
    "array_push_front",
    "array_remove",
    "array_remove_all",
    "array_remove_n",
    "array_repeat",
    "array_replace",
    "array_replace_all",
    "array_replace_n",
    "array_resize",
    "array_reverse",
    "array_scale",
    "array_slice",
    "array_sort",
    "array_subtract",
    "array_sum",
    "array_to_string",
    "array_union",
    "arrays_zip",
    "arrow_cast",
    "arrow_field",
    "arrow_metadata",
    "arrow_try_cast",
    "arrow_typeof",
    "as_of",
    "ascii",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "btrim",
    "cast_to_type",
    "cbrt",
    "ceil",
    "chr",
    "coalesce",
    "concat",
    "concat_ws",
    "cos",
    "cosh",
    "cosine_distance",
    "cot",
    "current_date",
    "current_time",
    "current_timestamp",
    "date_bin",
    "date_format",
    "date_part",
    "date_trunc",
    "datepart",
    "datetrunc",
    "decode",
    "degrees",
    "dot_product",
    "element_at",
    "encode",
    "exp",
    "factorial",
    "file_row_index",
    "flatten",
    "floor",
    "from_unixtime",
    "gcd",
    "generate_series",
    "get_field",
    "greatest",
    "ifnull",
    "initcap",
    "inner_product",
    "input_file_name",
    "lcm",
    "least",
    "left",
    "list_add",
    "list_any_value",
    "list_append",
    "list_avg",
    "list_cat",
    "list_compact",
    "list_concat",
    "list_distance",
    "list_distinct",
    "list_element",
    "list_except",
    "list_extract",
    "list_intersect",
    "list_join",
    "list_max",
    "list_normalize",
    "list_pop_back",
    "list_pop_front",
    "list_prepend",
    "list_product",
    "list_push_back",
    "list_push_front",
    "list_remove",
    "list_remove_all",
    "list_remove_n",
    "list_repeat",
    "list_replace",
    "list_replace_all",
    "list_replace_n",
    "list_resize",
    "list_reverse",
    "list_scale",
    "list_slice",
    "list_sort",
    "list_subtract",
    "list_sum",
    "list_to_string",
    "list_union",
    "list_zip",
    "ln",
    "local_date",
    "log",
    "log10",
    "log2",
    "lower",
    "lpad",
    "ltrim",
    "make_array",
    "make_date",
    "make_list",
    "make_time",
    "map",
    "map_entries",
    "map_extract",
    "map_keys",
    "map_values",
    "named_struct",
    "nanvl",
    "now",
    "nullif",
    "nvl",
    "nvl2",
    "overlay",
    "pi",
    "pow",
    "power",
    "radians",
    "rand",
    "random",
    "range",
    "regexp_match",
    "regexp_replace",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "row",
    "rpad",
    "rtrim",
    "sin",
    "sinh",
    "split_part",
    "sqrt",
    "string_to_array",
    "string_to_list",
    "struct",
    "substr",
    "substr_index",
    "substring",
    "substring_index",
    "tan",
    "tanh",
    "to_char",
    "to_date",
    "to_hex",
    "to_local_time",
    "to_time",
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_nanos",
    "to_timestamp_seconds",
    "to_unixtime",
    "today",
    "translate",
    "trim",
    "trunc",
    "try_cast_to_type",
    "union_extract",
    "upper",
    "uuid",
    "version",
    "with_metadata",
];

/// Functions of one row whose result tells something of its arguments and does not hold them.
const HIDE: &[&str] = &[
    "array_contains",
    "array_dims",
    "array_empty",
    "array_has",
    "array_has_all",
    "array_has_any",
    "array_indexof",
    "array_length",
    "array_ndims",
    "array_position",
    "array_positions",
    "arrays_overlap",
    "bit_length",
    "cardinality",
    "char_length",
    "character_length",
    "contains",
    "empty",
    "ends_with",
    "find_in_set",
    "instr",
    "isnan",
    "iszero",
    "length",
    "levenshtein",
    "list_contains",
    "list_dims",
    "list_empty",
    "list_has",
    "list_has_all",
    "list_has_any",
    "list_indexof",
    "list_length",
    "list_ndims",
    "list_position",
    "list_positions",
    "octet_length",
    "position",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "signum",
    "starts_with",
    "strpos",
    "union_tag",
];

/// Aggregates that speak of all rows of their group together.
const AGGREGATE: &[&str] = &[
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "approx_percentile_cont_with_weight",
    "avg",
    "corr",
    "count",
    "covar",
    "covar_pop",
    "covar_samp",
    "mean",
    "median",
    "percentile_cont",
    "quantile_cont",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var",
    "var_pop",
    "var_population",
    "var_samp",
    "var_sample",
];

/// Aggregates that give single rows' values away.
const PICK: &[&str] = &[
    "any_value",
    "array_agg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "first_value",
    "last_value",
    "max",
    "min",
    "mode",
    "nth_value",
    "string_agg",
];

/// Window functions that give another row's value.
const SHIFT: &[&str] = &["first_value", "lag", "last_value", "lead", "nth_value"];

/// Window functions that number rows.
const RANK: &[&str] = &["cume_dist", "dense_rank", "ntile", "percent_rank", "rank", "row_number"];

/// Operators whose result is true, false or unknown.
const TEST: &[&str] = &[
    "=",
    "!=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "AND",
    "OR",
    "NOT",
    "IN",
    "NOT IN",
    "BETWEEN",
    "NOT BETWEEN",
    "LIKE",
    "NOT LIKE",
    "ILIKE",
    "NOT ILIKE",
    "SIMILAR TO",
    "NOT SIMILAR TO",
    "IS NULL",
    "IS NOT NULL",
    "IS TRUE",
    "IS FALSE",
    "IS UNKNOWN",
    "IS NOT TRUE",
    "IS NOT FALSE",
    "IS NOT UNKNOWN",
    "IS DISTINCT FROM",
    "IS NOT DISTINCT FROM",
    "~",
    "~*",
    "!~",
    "!~*",
    "~~",
    "~~*",
    "!~~",
    "!~~*",
    "@>",
    "<@",
    "ANY",
    "ALL",
    "= ANY",
    "EXISTS",
];

/// Operators whose result holds their operands.
const COMPUTE: &[&str] = &[
    "+", "-", "*", "/", "%", "DIV", "||", "&", "|", "#", "BIT_XOR", "<<", ">>", "CAST", "TRY_CAST", "UNNEST", "->",
    "->>", ":",
];

fn among(name: &str, lists: &[(&[&str], Behaviour)]) -> Option<Behaviour> {
    lists.iter().find(|(names, _)| names.contains(&name)).map(|(_, behaviour)| *behaviour)
}

/// Of a function of one row.
pub fn of_scalar(name: &str) -> Option<Behaviour> {
    among(name, &[(PASS, Passes), (HIDE, Hides)])
}

/// Of an operator.
pub fn of_operator(name: &str) -> Option<Behaviour> {
    among(name, &[(TEST, Hides), (COMPUTE, Passes)])
}

/// Of an aggregate function.
pub fn of_aggregate(name: &str) -> Option<Behaviour> {
    among(name, &[(AGGREGATE, Aggregates), (PICK, Passes), (&["grouping"], Hides)])
}

/// Of a window function.
pub fn of_window(name: &str) -> Option<Behaviour> {
    among(name, &[(SHIFT, Passes), (RANK, Hides)])
}

/// Of an aggregate function with `OVER`: its frame may be one row, so that it speaks of that one.
pub fn of_window_aggregate(name: &str) -> Option<Behaviour> {
    among(
        name,
        &[(&["count", "approx_distinct", "regr_count", "grouping"], Hides), (AGGREGATE, Passes), (PICK, Passes)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_twice() {
        for lists in [&[PASS, HIDE][..], &[AGGREGATE, PICK], &[SHIFT, RANK], &[TEST, COMPUTE]] {
            let mut all: Vec<&str> = lists.concat();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
        }
    }

    #[test]
    fn what_nobody_declared_has_no_behaviour() {
        assert_eq!(of_scalar("telepathy"), None);
        assert_eq!(of_aggregate("max"), Some(Passes));
        assert_eq!(of_window_aggregate("sum"), Some(Passes));
    }
}

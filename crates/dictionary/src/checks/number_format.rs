//! A number format that its field has no use for, or that reads a number in two ways.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::model::{Container, DataType, DecimalMark, GroupMark, NumberFormat, PercentForm};

const CODE: &str = "LW1163";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "a number format does not fit",
        what: "`number_format` is declared for a field that is no number, `decimal` and `group` are the same mark, a percentage is to become a fraction of type `integer`, or a point is to separate thousands in JSON, where numbers have it before fractions.",
        why: "With one mark for both, `1,234` is a thousand or one and a bit; a guess would be wrong in every second file.",
        mend: "Declare the field `integer`, `double` or `decimal(…)`, and give the two marks different signs: `1.234,50` is `{ decimal: comma, group: point }`.",
        example: Example::Edit {
            path: "schemas/channels/members.yaml",
            good: "    unit: points\n",
            bad: "    unit: points\n    number_format: { decimal: comma, group: comma }\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let fields = context.project.datasets.iter().flat_map(|d| d.fields.iter().map(move |f| (d, f)));
    for (dataset, field) in fields {
        let Some(format) = &field.values.number_format else { continue };
        if context.is_broken(&field.span, &["type", "number_format"]) {
            continue;
        }
        let of = field.data_type.value;
        let points = |c: &Container| matches!(c, Container::Json | Container::Ndjson);
        let written = &dataset.format;
        if format.value.group == Some(GroupMark::Point)
            && std::iter::once(&written.container).chain(&written.accept).any(points)
        {
            let message = format!("`group: point` of `{}` would read a number of JSON wrongly", field.column.value);
            let hint = "numbers there are written with a point, and `1.234` would be 1234: take `group` away";
            problems.push(Problem::error(CODE, format.span.clone(), message).hint(hint));
        }
        if let Some((message, hint)) = wrong(&field.column.value, of, &format.value) {
            problems.push(Problem::error(CODE, format.span.clone(), message).hint(hint));
        }
    }
}

fn wrong(column: &str, of: DataType, format: &NumberFormat) -> Option<(String, &'static str)> {
    let same = matches!(
        (format.decimal, format.group),
        (DecimalMark::Point, Some(GroupMark::Point)) | (DecimalMark::Comma, Some(GroupMark::Comma))
    );
    if !of.is_numeric() {
        let message = format!("`number_format` does not fit `{column}` of type `{of}`");
        return Some((message, "it takes an `integer`, `double` or `decimal(…)`: correct the type, or take it away"));
    }
    if same {
        let message = format!("`{column}` has one mark before fractions and between thousands");
        return Some((message, "write another `group`, or `decimal: comma` with `group: point` for `1.234,50`"));
    }
    if of == DataType::Integer && format.percent == Some(PercentForm::Fraction) {
        let message = format!("a percentage as a fraction does not fit `{column}` of type `integer`");
        return Some((message, "declare it `decimal(9, 4)` or `double`, or write `percent: number`"));
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::testing::{after, after_all};

    const MEMBERS: &str = "schemas/channels/members.yaml";

    #[test]
    fn formats_fit_types_and_say_one_thing() {
        let with = |format: &str| {
            after(MEMBERS, "    unit: points\n", &format!("    unit: points\n    number_format: {{ {format} }}\n"))
        };
        assert_eq!(with("group: comma, currency: CNY, accounting: true"), [""; 0]);
        assert_eq!(with("percent: number"), [""; 0]);
        let european = "    unit: points\n    number_format: { decimal: comma, group: point }\n";
        assert_eq!(after(MEMBERS, "    unit: points\n", european), [""; 0]);
        for (accepted, problems) in [("xlsx", 0), ("ndjson", 1)] {
            let format = format!("{{ container: csv, accept: [{accepted}] }}");
            let both = [("{ container: csv }", format.as_str()), ("    unit: points\n", european)];
            assert_eq!(after_all(MEMBERS, &both).len(), problems, "{accepted}");
        }
        assert_eq!(
            with("group: point"),
            [
                "schemas/channels/members.yaml:66:22 LW1163 `points` has one mark before fractions and between thousands (write another `group`, or `decimal: comma` with `group: point` for `1.234,50`)"
            ]
        );
        assert_eq!(
            with("percent: fraction"),
            [
                "schemas/channels/members.yaml:66:22 LW1163 a percentage as a fraction does not fit `points` of type `integer` (declare it `decimal(9, 4)` or `double`, or write `percent: number`)"
            ]
        );
        assert_eq!(
            after(MEMBERS, "    normalise: phone\n", "    normalise: phone\n    number_format: { group: comma }\n"),
            [
                "schemas/channels/members.yaml:50:22 LW1163 `number_format` does not fit `phone` of type `string` (it takes an `integer`, `double` or `decimal(…)`: correct the type, or take it away)"
            ]
        );
    }
}

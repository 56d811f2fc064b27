//! A time zone that IANA does not know.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::nearest::hint_for;
use chrono_tz::{TZ_VARIANTS, Tz};

const CODE: &str = "LW1112";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "an unknown time zone",
        what: "`time_zone` names a zone that the IANA database does not have.",
        why: "A wall-clock time without its zone is off by hours, and with it every day and month it is counted in.",
        mend: "Write the IANA name, such as `Asia/Shanghai`, `Europe/Berlin`, `UTC`.",
        example: Example::Edit {
            path: "lakewarden.yaml",
            good: "time_zone: Asia/Shanghai",
            bad: "time_zone: Asia/Shangai",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let fields = project.datasets.iter().flat_map(|d| &d.fields).filter_map(|f| f.values.time_zone.as_ref());
    let datasets = project.datasets.iter().filter_map(|d| d.time_zone.as_ref());
    let zones = project.settings.time_zone.iter().chain(datasets).chain(fields);
    for zone in zones.filter(|z| z.parse::<Tz>().is_err()) {
        let known = TZ_VARIANTS.iter().map(|tz| tz.name());
        problems.push(
            Problem::error(CODE, zone.span.clone(), format!("unknown time zone `{}`", zone.value)).hint(hint_for(
                zone,
                known,
                "write an IANA name, such as `Asia/Shanghai` or `UTC`",
            )),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::after;

    #[test]
    fn zones_are_iana_s() {
        assert_eq!(
            after("lakewarden.yaml", "time_zone: Asia/Shanghai", "time_zone: Asia/Shangai"),
            ["lakewarden.yaml:3:12 LW1112 unknown time zone `Asia/Shangai` (did you mean `Asia/Shanghai`?)"]
        );
        assert_eq!(
            after("schemas/channels/members.yaml", "source: CRM\n", "source: CRM\ntime_zone: CST-8\n"),
            [
                "schemas/channels/members.yaml:5:12 LW1112 unknown time zone `CST-8` (write an IANA name, such as `Asia/Shanghai` or `UTC`)"
            ]
        );
        assert_eq!(after("lakewarden.yaml", "time_zone: Asia/Shanghai", "time_zone: Europe/Berlin").len(), 0);
    }
}

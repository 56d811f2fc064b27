//! People's data that refusals decide about, in a project where none can be recorded.

use super::{Check, Context};
use crate::diagnostic::Problem;
use crate::docs::{DiagnosticDoc, Example};
use crate::files::FileKind;
use crate::model::{ConsentDefault, Dataset, DatasetRole, LawfulBasis, Project};

const CODE: &str = "LW1235";

/// The check and its page.
pub(super) const CHECK: Check = Check {
    doc: DiagnosticDoc {
        code: CODE,
        title: "refusals are asked for, and the project has no consent log",
        what: "A dataset serves a purpose on a lawful basis that a refusal overrides (`contract`, `vital_interests`, `public_interest`, `legitimate_interests`, or `consent` where the project's jurisdiction is `opt_out`), and no dataset has `role: consent_log` or `role: suppression_list`. It is an error where consent is presumed, else a warning. A log that the lake has and the project declares no more is an error of its own (LW6052). Or `consent_log: none` and `consent_log_reason` do not go together, or stand in a project that has such a log.",
        why: "Where silence is permission, a missing log permits everything: if a line of its entry is lost, nobody is left out any more who has withdrawn, objected or asked for restriction.",
        mend: "Declare the log: `role: consent_log` in its entry, and its exports under `channels` of a pipeline. If there is none, say so in `lakewarden.yaml`: `consent_log: none` and `consent_log_reason:` with one sentence about where refusals are honoured instead.",
        example: Example::Edit {
            path: "lakewarden.yaml",
            good: "jurisdiction: CN\n",
            bad: "jurisdiction: CN\nconsent_log: none\n",
        },
    },
    run: check,
};

fn check(context: &Context<'_>, problems: &mut Vec<Problem>) {
    let project = context.project;
    let settings = &project.settings;
    let log = project.datasets.iter().find(|dataset| bears_statements(dataset));
    match (&settings.no_consent_log, &settings.consent_log_reason) {
        (Some(span), None) => problems.push(
            Problem::error(CODE, span.clone(), "`consent_log: none` gives no reason")
                .hint("add `consent_log_reason:` with one sentence that says where refusals are honoured instead"),
        ),
        (None, Some(reason)) => problems.push(
            Problem::error(
                CODE,
                reason.span.clone(),
                "a reason is given for `consent_log: none`, which is not declared",
            )
            .hint("add `consent_log: none`, or remove the reason"),
        ),
        (Some(_), Some(_)) | (None, None) => {}
    }
    // An entry that could not be read may be the log; and a role that is not understood may be its.
    let unread = context.unread.entries.iter().any(|(kind, _)| *kind == FileKind::Dataset)
        || project.datasets.iter().any(|dataset| context.is_broken(&dataset.span, &["role"]));
    match (&settings.no_consent_log, log) {
        (Some(span), Some(log)) => problems.push(
            Problem::error(CODE, span.clone(), format!("`consent_log: none`, and the project has `{}`", log.name.value))
                .hint("remove `consent_log` and `consent_log_reason`"),
        ),
        (None, None) if !unread => problems.extend(first_dependent(context).map(|(dataset, purpose, basis)| {
            let message = format!(
                "`{}` is used for `{purpose}` on {}, which a refusal overrides, and no dataset is a consent log",
                dataset.name.value,
                basis.name(),
            );
            // Where consent itself is presumed, a project without a log could not hear a withdrawal at all.
            let problem = match basis {
                LawfulBasis::Consent => Problem::error(CODE, dataset.name.span.clone(), message),
                LawfulBasis::Contract
                | LawfulBasis::LegalObligation
                | LawfulBasis::VitalInterests
                | LawfulBasis::PublicInterest
                | LawfulBasis::LegitimateInterests => Problem::warning(CODE, dataset.name.span.clone(), message),
            };
            problem.hint(
                "write `role: consent_log` in the log's entry; or `consent_log: none` and `consent_log_reason: …` in lakewarden.yaml",
            )
        })),
        (None, None | Some(_)) | (Some(_), None) => {}
    }
}

fn bears_statements(dataset: &Dataset) -> bool {
    match dataset.role {
        DatasetRole::Data => false,
        DatasetRole::ConsentLog | DatasetRole::SuppressionList => true,
    }
}

/// The first dataset about people whose use depends on refusals, with the purpose and its lawful basis.
fn first_dependent<'a>(context: &Context<'a>) -> Option<(&'a Dataset, &'a str, LawfulBasis)> {
    let project = context.project;
    let personal = project.datasets.iter().filter(|dataset| dataset.has_subjects());
    personal.filter(|dataset| !context.is_broken(&dataset.span, &["purposes"])).find_map(|dataset| {
        let purpose = dataset.purposes.iter().find(|purpose| is_overridden(project, purpose.lawful_basis))?;
        Some((dataset, purpose.purpose.value.as_str(), purpose.lawful_basis))
    })
}

/// Whether a refusal makes a difference to data that is used on a lawful basis, compared with silence.
fn is_overridden(project: &Project, basis: LawfulBasis) -> bool {
    match basis {
        LawfulBasis::LegalObligation => false,
        LawfulBasis::Consent => is_opt_out(project),
        LawfulBasis::Contract
        | LawfulBasis::VitalInterests
        | LawfulBasis::PublicInterest
        | LawfulBasis::LegitimateInterests => true,
    }
}

/// Whether silence is permission for people of whose jurisdiction nothing is known.
fn is_opt_out(project: &Project) -> bool {
    let Some(own) = &project.settings.jurisdiction else { return false };
    let laws = &project.purposes.jurisdictions;
    laws.iter().find(|law| law.code.value == own.value).is_some_and(|law| match law.default {
        ConsentDefault::OptOut => true,
        ConsentDefault::OptIn => false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::diagnostic::SourceFile;
    use crate::load;
    use crate::testing::{edited, rendered};

    const MEMBERS: &str = "schemas/channels/members.yaml";

    /// The project without its consent log, with members on a lawful basis.
    fn without_log(basis: &str, jurisdiction: &str, settings: &str) -> Vec<SourceFile> {
        let mut files = edited(MEMBERS, &[("  analytics: consent\n", &format!("  analytics: {basis}\n"))]);
        files.retain(|file| &*file.path != "schemas/channels/consents.yaml");
        for file in &mut files {
            file.text = file.text.replace("  consents: exports/consents/*\n", "").into();
            match &*file.path {
                "schemas/purposes.yaml" => file.text = file.text.replace("opt_in", jurisdiction).into(),
                "lakewarden.yaml" => file.text = format!("{}{settings}", file.text).into(),
                _ => {}
            }
        }
        files
    }

    fn problems(basis: &str, jurisdiction: &str, settings: &str) -> Vec<String> {
        rendered(&load(&without_log(basis, jurisdiction, settings)).problems)
    }

    #[test]
    fn a_project_without_a_log_says_so() {
        assert_eq!(
            problems("legitimate_interests", "opt_in", ""),
            [
                "schemas/channels/members.yaml:1:10 LW1235 `members` is used for `analytics` on legitimate_interests, which a refusal overrides, and no dataset is a consent log (write `role: consent_log` in the log's entry; or `consent_log: none` and `consent_log_reason: …` in lakewarden.yaml)"
            ]
        );
        for (basis, jurisdiction) in [("consent", "opt_out"), ("contract", "opt_in"), ("public_interest", "opt_in")] {
            let found = problems(basis, jurisdiction, "");
            assert!(found.len() == 1 && found[0].contains("LW1235"), "{basis}: {found:?}");
            let declared = "consent_log: none\nconsent_log_reason: Refusals are deleted in the shop.\n";
            assert_eq!(problems(basis, jurisdiction, declared), [""; 0], "{basis}");
        }
        // Only where consent is presumed does nothing run.
        let severity = |basis, jurisdiction| load(&without_log(basis, jurisdiction, "")).has_errors();
        assert!(severity("consent", "opt_out") && !severity("contract", "opt_in"));
        // Silence permits nothing here.
        assert_eq!(problems("consent", "opt_in", ""), [""; 0]);
        assert_eq!(problems("legal_obligation", "opt_out", ""), [""; 0]);
    }

    #[test]
    fn the_declaration_has_a_reason_and_is_true() {
        let found = problems("contract", "opt_in", "consent_log: none\n");
        assert!(found.len() == 1 && found[0].contains("gives no reason"), "{found:?}");
        let found = problems("consent", "opt_in", "consent_log_reason: None.\n");
        assert!(found.len() == 1 && found[0].contains("which is not declared"), "{found:?}");
        let settings = "jurisdiction: CN\nconsent_log: none\nconsent_log_reason: None.\n";
        let found = rendered(&load(&edited("lakewarden.yaml", &[("jurisdiction: CN\n", settings)])).problems);
        assert!(found.len() == 1 && found[0].contains("and the project has `consents`"), "{found:?}");
    }

    #[test]
    fn an_entry_that_cannot_be_read_may_be_the_log() {
        let mut files = without_log("contract", "opt_in", "");
        files.push(SourceFile { path: "schemas/channels/consents.yaml".into(), text: "dataset: [\n".into() });
        let found = rendered(&load(&files).problems);
        assert!(!found.is_empty() && !found.iter().any(|p| p.contains("LW1235")), "{found:?}");
    }
}

//! Problems of a project, drawn over its files.

use crate::output::{Output, counted};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use lakewarden_dictionary::{Problem, Severity, SourceFile, Span};

/// Shows every problem with the lines it is in, and how many there are.
pub fn show(output: &Output, problems: &[Problem], files: &[SourceFile]) {
    let renderer = if output.colours() { Renderer::styled() } else { Renderer::plain() };
    for problem in problems {
        output.say_styled(renderer.render(&groups(problem, files)));
    }
    let errors = problems.iter().filter(|p| p.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    output.say(format!("{}, {}", counted(errors as u64, "error"), counted(warnings as u64, "warning")));
}

fn groups<'a>(problem: &'a Problem, files: &'a [SourceFile]) -> Vec<Group<'a>> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut main = level
        .primary_title(problem.message.as_str())
        .id(problem.code)
        .elements(Vec::<Snippet<'a, annotate_snippets::Annotation<'a>>>::new());
    match text_of(&problem.span, files) {
        // What is wrong with a whole file is at no place in it.
        Some(text) if problem.span.start < problem.span.end => {
            main = main.element(
                Snippet::source(text)
                    .path(problem.span.path.as_ref())
                    .annotation(AnnotationKind::Primary.span(range(&problem.span, text))),
            );
        }
        _ => main = main.element(annotate_snippets::Origin::path(problem.span.path.as_ref())),
    }
    let mut groups = Vec::new();
    if let Some((span, label)) = &problem.related
        && let Some(text) = text_of(span, files)
    {
        main = main.element(
            Snippet::source(text)
                .path(span.path.as_ref())
                .annotation(AnnotationKind::Context.span(range(span, text)).label(label.as_str())),
        );
    }
    if let Some(hint) = &problem.hint {
        main = main.element(Level::HELP.message(hint.as_str()));
    }
    groups.push(main);
    groups
}

fn text_of<'a>(span: &Span, files: &'a [SourceFile]) -> Option<&'a str> {
    files.iter().find(|f| f.path == span.path).map(|f| f.text.as_ref()).filter(|t| !t.is_empty())
}

/// The span's bytes, at least one character wide and on the text's own boundaries.
fn range(span: &Span, text: &str) -> std::ops::Range<usize> {
    let mut start = span.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

//! From the text of a pattern to its parts.

use super::{BucketKind, FilePattern, FilePlace, PathPart, PatternError, Piece, TimePart, is_wild};

/// Most addresses that the brace lists of one pattern may stand for.
pub(super) const MOST: usize = 1_000;
/// What the name of a date may be, and how it is written.
const NAMES: [(&str, &str); 5] = [("date", "%Y-%m-%d"), ("year", "%Y"), ("month", "%m"), ("day", "%d"), ("hour", "%H")];

/// Writes out the lists in braces, first to last.
pub(super) fn alternatives(text: &str) -> Result<Vec<String>, PatternError> {
    let mut done = vec![String::new()];
    let mut rest = text;
    while let Some(open) = rest.find(['{', '}']) {
        if rest[open..].starts_with('}') {
            return Err(PatternError::Alone('}'));
        }
        let inner = &rest[open + 1..];
        let close = inner.find(['{', '}']).filter(|at| inner[*at..].starts_with('}'));
        let close = close.ok_or(PatternError::Alone('{'))?;
        let (before, brace, after) = (&rest[..open], &inner[..close], &inner[close + 1..]);
        let list: Vec<String> = match brace.contains(',') && !brace.starts_with("date:") {
            true => brace.split(',').map(str::to_owned).collect(),
            false => vec![format!("{{{brace}}}")],
        };
        if done.len() * list.len() > MOST {
            return Err(PatternError::TooMany);
        }
        done = done.iter().flat_map(|d| list.iter().map(move |item| format!("{d}{before}{item}"))).collect();
        rest = after;
    }
    done.iter_mut().for_each(|d| d.push_str(rest));
    Ok(done)
}

pub(super) fn one(text: &str) -> Result<FilePattern, PatternError> {
    let Some((scheme, rest)) = text.split_once("://") else { return folder(text) };
    let kind = match scheme {
        "file" => return folder(rest),
        "http" | "https" => return web(scheme, rest),
        "s3" | "s3a" => BucketKind::S3,
        "gs" => BucketKind::Google,
        "az" | "azure" | "adl" | "abfs" | "abfss" => BucketKind::Azure,
        other => return Err(PatternError::Scheme(other.to_owned())),
    };
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    let user = bucket.rsplit_once('@').map(|(user, _)| user);
    if user.is_some_and(|user| kind != BucketKind::Azure || user.contains(':')) {
        return Err(PatternError::Secret);
    }
    if bucket.is_empty() || bucket.contains(['{', '*', '?', '[']) {
        return Err(PatternError::Nothing("bucket"));
    }
    let parts = parts(path)?;
    // A bucket knows no way up: `..` would be a name, which no store of ours can ask for.
    if parts.iter().any(|part| matches!(part.literal(), Some("." | ".."))) {
        return Err(PatternError::Odd(".."));
    }
    dated(FilePattern {
        place: FilePlace::Bucket { kind, address: format!("{scheme}://{bucket}") },
        parts: below(parts)?,
        query: None,
    })
}

fn folder(path: &str) -> Result<FilePattern, PatternError> {
    let place = FilePlace::Folder { absolute: path.starts_with('/') };
    dated(FilePattern { place, parts: below(parts(path)?)?, query: None })
}

fn web(scheme: &str, rest: &str) -> Result<FilePattern, PatternError> {
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query.to_owned())),
        None => (rest, None),
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.contains('@') {
        return Err(PatternError::Secret);
    }
    if host.is_empty() || host.contains(['{', '*']) {
        return Err(PatternError::Nothing("host"));
    }
    let folded = path.to_ascii_lowercase();
    // Decoded they would be other places than they seem.
    for odd in ["%2f", "%5c", "%2e", "%00", "\\"] {
        if folded.contains(odd) {
            return Err(PatternError::Odd(odd));
        }
    }
    let parts = below(parts(path)?)?;
    if parts.iter().any(|part| matches!(part.literal(), Some("." | ".."))) {
        return Err(PatternError::Odd(".."));
    }
    if parts.iter().flat_map(|part| &part.pieces).any(|piece| matches!(piece, Piece::Glob(text) if is_wild(text))) {
        return Err(PatternError::Wildcard);
    }
    dated(FilePattern { place: FilePlace::Web { origin: format!("{scheme}://{host}") }, parts, query })
}

fn below(parts: Vec<PathPart>) -> Result<Vec<PathPart>, PatternError> {
    if parts.is_empty() { Err(PatternError::Nothing("file")) } else { Ok(parts) }
}

/// Splits a path into its parts.
fn parts(path: &str) -> Result<Vec<PathPart>, PatternError> {
    let mut parts = vec![Vec::new()];
    let mut rest = path;
    while !rest.is_empty() {
        let open = rest.find('{').unwrap_or(rest.len());
        text(&rest[..open], &mut parts);
        let Some(inner) = rest[open..].strip_prefix('{') else { break };
        let (brace, after) = inner.split_once('}').ok_or(PatternError::Alone('{'))?;
        let unknown = || PatternError::Placeholder(brace.to_owned());
        let format = match brace.strip_prefix("date:") {
            Some(format) => format,
            None => NAMES.iter().find(|(name, _)| *name == brace).map(|(_, format)| *format).ok_or_else(unknown)?,
        };
        date(format, &mut parts).ok_or_else(unknown)?;
        rest = after;
    }
    let parts: Vec<PathPart> = parts.into_iter().filter(|p| !p.is_empty()).map(|pieces| PathPart { pieces }).collect();
    for piece in parts.iter().flat_map(|part| &part.pieces) {
        if let Piece::Glob(text) = piece {
            sound(text)?;
        }
    }
    if parts.iter().any(|part| part.pieces.len() > 1 && part.pieces.contains(&Piece::Glob("**".to_owned()))) {
        return Err(PatternError::Stars);
    }
    Ok(parts)
}

/// Adds text that may hold slashes.
fn text(text: &str, parts: &mut Vec<Vec<Piece>>) {
    for (at, between) in text.split('/').enumerate() {
        if at > 0 {
            parts.push(Vec::new());
        }
        if between.is_empty() {
            continue;
        }
        if let Some(part) = parts.last_mut() {
            match part.last_mut() {
                Some(Piece::Glob(before)) => before.push_str(between),
                _ => part.push(Piece::Glob(between.to_owned())),
            }
        }
    }
}

/// Adds a date as a format writes it; `None` if the format is none.
fn date(format: &str, parts: &mut Vec<Vec<Piece>>) -> Option<()> {
    let (first, rest) = format.split_once('%')?;
    text(first, parts);
    for specifier in rest.split('%') {
        let mut signs = specifier.chars();
        let part = match signs.next()? {
            'Y' => TimePart::Year,
            'm' => TimePart::Month,
            'd' => TimePart::Day,
            'H' => TimePart::Hour,
            _ => return None,
        };
        parts.last_mut()?.push(Piece::Time(part));
        if is_wild(signs.as_str()) {
            return None;
        }
        text(signs.as_str(), parts);
    }
    Some(())
}

/// Whether wildcards are whole.
fn sound(text: &str) -> Result<(), PatternError> {
    if text.contains("**") && text != "**" {
        return Err(PatternError::Stars);
    }
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        // The first sign of a class may be the closing one itself.
        let class = rest[at + 1..].strip_prefix('!').unwrap_or(&rest[at + 1..]);
        let first = class.chars().next().map_or(0, char::len_utf8);
        let end = class[first..].find(']').ok_or(PatternError::Alone('['))?;
        rest = &class[first + end + 1..];
    }
    Ok(())
}

/// Refuses dates that lack a coarser part.
fn dated(pattern: FilePattern) -> Result<FilePattern, PatternError> {
    let named: Vec<TimePart> = pattern.parts.iter().flat_map(PathPart::times).collect();
    let step = pattern.step();
    for part in [TimePart::Year, TimePart::Month, TimePart::Day] {
        if step.is_some_and(|step| part < step) && !named.contains(&part) {
            return Err(PatternError::Lacks(part));
        }
    }
    Ok(pattern)
}

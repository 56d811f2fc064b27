//! `pipelines/<pipeline>/pipeline.yaml`.

use super::{Fields, database, scalar, spanned, spanned_key};
use crate::model::{AfterLoad, AfterLoadAction, Channel, CompleteWhen, IdentityRules, Pipeline, PlainAfterLoad};
use crate::spec::{COMPLETE_WHEN, IDENTITY, Words};
use crate::yaml::{Entry, Node};

/// How many links a token may have where nothing is declared.
const MAX_LINKS: u32 = 8;

/// Reads a pipeline without its models; `path_name` is its folder's name.
pub(crate) fn pipeline(fields: &Fields<'_>, path_name: &str) -> Pipeline {
    let channels = fields.entries("channels").iter();
    let identity = fields.object("identity", &IDENTITY).map(|rules| IdentityRules {
        link_on: rules.names("link_on"),
        max_links: rules.parsed("max_links").map_or(MAX_LINKS, |n| n.value),
        max_rows: rules.parsed("max_rows").map(|n| n.value),
        max_share: rules.parsed("max_share").map(|share| share.value),
        span: rules.span(),
    });
    let complete_when = fields.entries("complete_when").iter().map(|entry| {
        let own = Fields::new(&COMPLETE_WHEN, &entry.value);
        CompleteWhen {
            dataset: spanned_key(entry),
            marker: own.spanned("marker"),
            min_age_minutes: own.parsed("min_age_minutes").map(|n| n.value),
        }
    });
    Pipeline {
        name: fields.name_or("pipeline", path_name),
        label: fields.label(),
        schedule: fields.spanned("schedule"),
        channels: channels
            .filter_map(|e| match spanned(&e.value) {
                Some(files) => Some(Channel { dataset: spanned_key(e), files, database: None }),
                None => database::channel(e),
            })
            .collect(),
        complete_when: complete_when.collect(),
        after_load: fields.entries("after_load").iter().filter_map(after_load).collect(),
        identity,
        models: Vec::new(),
        span: fields.head(),
    }
}

fn after_load(entry: &Entry) -> Option<AfterLoad> {
    let action = after_load_action(&entry.value)?;
    Some(AfterLoad { dataset: spanned_key(entry), action, span: entry.value.head() })
}

fn after_load_action(node: &Node) -> Option<AfterLoadAction> {
    match scalar(node) {
        Some(word) => PlainAfterLoad::of(word).map(|plain| match plain {
            PlainAfterLoad::Keep => AfterLoadAction::Keep,
            PlainAfterLoad::Delete => AfterLoadAction::Delete,
        }),
        None => match node.entries() {
            [only] if only.key == "archive" => {
                scalar(&only.value).map(|path| AfterLoadAction::Archive(path.to_owned()))
            }
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::testing::load_with;

    #[test]
    fn pipelines_have_their_models() {
        let loaded = load_with("pipelines/shop/pipeline.yaml", "  max_links: 4\n", "");
        let pipeline = loaded.project.pipeline("shop").unwrap();
        assert_eq!(pipeline.schedule.as_ref().unwrap().value, "0 3 * * *");
        assert_eq!(pipeline.channels[0].dataset.value, "consents");
        assert_eq!(pipeline.channels[1].files.value, "exports/members/*");
        let identity = pipeline.identity.as_ref().unwrap();
        assert_eq!(identity.link_on.iter().map(|n| n.as_str()).collect::<Vec<_>>(), ["member_no", "phone"]);
        assert_eq!(identity.max_links, 8);
        let models: Vec<_> = pipeline.models.iter().map(|m| (m.name.as_str(), &*m.path)).collect();
        assert_eq!(models, [("member_spend", "pipelines/shop/models/member_spend.sql")]);
        assert!(pipeline.models[0].sql.starts_with("SELECT"));
    }

    #[test]
    fn completeness_is_read() {
        let more = "identity:\n  link_on: [member_no, phone]\n";
        let with = format!("complete_when:\n  members: {{ marker: _SUCCESS, min_age_minutes: 15 }}\n{more}");
        let loaded = load_with("pipelines/shop/pipeline.yaml", more, &with);
        assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        let pipeline = loaded.project.pipeline("shop").unwrap();
        let members = pipeline.complete_when("members").unwrap();
        assert_eq!(members.marker.as_ref().unwrap().value, "_SUCCESS");
        assert_eq!(members.min_age_minutes, Some(15));
        assert!(pipeline.complete_when("consents").is_none());
    }

    #[test]
    fn what_becomes_of_files_is_read() {
        use crate::model::AfterLoadAction::*;
        let more = "identity:\n  link_on: [member_no, phone]\n";
        for (text, action) in
            [("keep", None), ("delete", Some(Delete)), ("{ archive: ../done }", Some(Archive("../done".to_owned())))]
        {
            let with = format!("after_load:\n  members: {text}\n{more}");
            let loaded = load_with("pipelines/shop/pipeline.yaml", more, &with);
            assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
            assert_eq!(loaded.project.pipeline("shop").unwrap().after_load("members"), action.as_ref());
        }
        for text in ["destroy", "{ archive: a, delete: b }", "[delete]"] {
            let with = format!("after_load:\n  members: {text}\n{more}");
            assert!(load_with("pipelines/shop/pipeline.yaml", more, &with).has_errors(), "{text}");
        }
    }

    #[test]
    fn settings_are_read() {
        let key = |text: &str| {
            let loaded = load_with("lakewarden.yaml", "{ environment: SHOP_KEY }", text);
            loaded.project.settings.key.unwrap()
        };
        use crate::model::KeyProvider::*;
        assert_eq!(
            (key("{ environment: K, version: 3 }").provider, key("{ environment: K, version: 3 }").version),
            (Environment("K".into()), 3)
        );
        assert_eq!(key("{ file: ~/key }").provider, File("~/key".into()));
        assert_eq!(
            key("{ command: [pass, show, 7] }").provider,
            Command(vec!["pass".into(), "show".into(), "7".into()])
        );
        let loaded = load_with("lakewarden.yaml", "jurisdiction: CN\n", "jurisdiction: CN\nmemory_budget: 1GiB\n");
        assert_eq!(loaded.project.settings.memory_budget, Some(1 << 30));
        let loaded = load_with("lakewarden.yaml", "jurisdiction: CN\n", "jurisdiction: CN\nmemory_budget: 4096\n");
        assert_eq!(loaded.project.settings.memory_budget, Some(4096));
        assert_eq!(loaded.project.settings.time_zone.unwrap().value, "Asia/Shanghai");
    }
}

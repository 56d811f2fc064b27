//! One mailbox, one address.

use crate::rewrite::Becomes;

/// What is done to addresses besides normalising them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailboxRules {
    /// `li+shop@…` → `li@…`.
    pub drop_tag: bool,
    /// Aliases that large providers give one mailbox become one.
    pub provider_aliases: bool,
}

/// What a provider does to addresses, as its help pages say (read in 2026).
struct Provider {
    /// Its hosts; the first is the one that stays.
    hosts: &'static [&'static str],
    /// Whether dots in the local part are nothing.
    dots: bool,
    /// What begins a tag.
    tag: char,
}

/// The providers. Hosts of one provider are listed together only if it gives one mailbox addresses at all of them.
const PROVIDERS: [Provider; 10] = [
    Provider { hosts: &["gmail.com", "googlemail.com"], dots: true, tag: '+' },
    Provider { hosts: &["outlook.com"], dots: false, tag: '+' },
    Provider { hosts: &["hotmail.com"], dots: false, tag: '+' },
    Provider { hosts: &["live.com"], dots: false, tag: '+' },
    Provider { hosts: &["icloud.com", "me.com", "mac.com"], dots: false, tag: '+' },
    Provider { hosts: &["proton.me", "protonmail.com", "pm.me"], dots: false, tag: '+' },
    Provider { hosts: &["fastmail.com"], dots: false, tag: '+' },
    Provider { hosts: &["yahoo.com"], dots: false, tag: '-' },
    Provider { hosts: &["yandex.ru", "ya.ru", "yandex.com"], dots: false, tag: '+' },
    Provider { hosts: &["zoho.com", "zohomail.com"], dots: false, tag: '+' },
];

/// A normalised address → that of its mailbox.
pub(super) fn mailbox<'a>(rules: MailboxRules, value: &'a str, scratch: &mut String) -> Becomes<'a> {
    let Some((mut local, mut host)) = value.split_once('@') else { return Becomes::Invalid };
    let provider = PROVIDERS.iter().find(|p| rules.provider_aliases && p.hosts.contains(&host));
    let tag = provider.map(|p| p.tag).or(rules.drop_tag.then_some('+'));
    // A local part that begins with the mark is no tag: nothing would be left.
    if let Some(at) = tag.and_then(|tag| local.find(tag)).filter(|at| *at > 0) {
        local = &local[..at];
    }
    // Yahoo's mark is a hyphen, and `+` may be declared besides.
    if let Some(at) = local.find('+').filter(|at| rules.drop_tag && *at > 0) {
        local = &local[..at];
    }
    if let Some(provider) = provider {
        host = provider.hosts[0];
        if provider.dots {
            scratch.extend(local.chars().filter(|c| *c != '.'));
        }
    }
    if scratch.is_empty() {
        scratch.push_str(local.trim_end_matches('.'));
    }
    scratch.push('@');
    scratch.push_str(host);
    if scratch == value { Becomes::Part(value) } else { Becomes::Scratch }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalise::email_with;
    use arrow::array::StringArray;
    use proptest::prelude::*;

    const ALL: MailboxRules = MailboxRules { drop_tag: true, provider_aliases: true };

    fn one(rules: MailboxRules, text: &str) -> String {
        let out = email_with(&StringArray::from(vec![text]), rules);
        assert!(out.invalid.is_empty(), "{text}");
        out.values.value(0).to_owned()
    }

    #[test]
    fn nothing_is_done_that_is_not_declared() {
        for text in ["li.hua+shop@gmail.com", "a@xn--fsqu00a.example", "x+@example.com"] {
            assert_eq!(one(MailboxRules::default(), text), text);
        }
        let tag = MailboxRules { drop_tag: true, ..MailboxRules::default() };
        assert_eq!(one(tag, "Li.Hua+Shop@gmail.com"), "li.hua@gmail.com");
        assert_eq!(one(tag, "+shop@example.com"), "+shop@example.com");
        // The example of RFC 3492 and IDNA: 例子 is fsqu00a.
        assert_eq!(one(MailboxRules::default(), "a+b@例子.example"), "a+b@xn--fsqu00a.example");
        assert_eq!(one(MailboxRules::default(), "a@BÜCHER.example"), "a@xn--bcher-kva.example");
    }

    #[test]
    fn providers_give_one_mailbox_many_names() {
        let rules = MailboxRules { provider_aliases: true, ..MailboxRules::default() };
        for (given, expected) in [
            ("Li.Hua+shop@GoogleMail.com", "lihua@gmail.com"),
            ("li.hua+a@outlook.com", "li.hua@outlook.com"),
            ("li@me.com", "li@icloud.com"),
            ("li-shop@yahoo.com", "li@yahoo.com"),
            ("li-shop+a@example.com", "li-shop+a@example.com"),
            ("12345@qq.com", "12345@qq.com"),
        ] {
            assert_eq!(one(rules, given), expected, "{given}");
        }
        let columns = StringArray::from(vec![Some("a@example.com"), None, Some("nobody")]);
        let out = email_with(&columns, ALL);
        assert_eq!((out.values, out.invalid), (StringArray::from(vec![Some("a@example.com"), None, None]), vec![2]));
    }

    proptest! {
        #[test]
        fn idempotent(values in prop::collection::vec("[a-z.+-]{1,9}@(gmail\\.com|yahoo\\.com|me\\.com|例子\\.example|[a-zü]{1,5}\\.example)|.*", 1..10), drop_tag: bool, provider_aliases: bool) {
            let rules = MailboxRules { drop_tag, provider_aliases };
            let once = email_with(&StringArray::from(values), rules);
            let twice = email_with(&once.values, rules);
            prop_assert_eq!(&twice.values, &once.values);
            prop_assert!(twice.invalid.is_empty());
        }
    }
}

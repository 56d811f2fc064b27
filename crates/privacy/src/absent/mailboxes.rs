//! Addresses that no person reads.

/// Whether a local part is written for a person without an address, whatever host follows. Without its signs.
pub(super) fn is_placeholder_local_part(plain: &str) -> bool {
    LOCAL_PARTS.binary_search(&plain).is_ok() || is_one_letter_repeated(plain)
}

/// `xxx`, `aaaa`: one letter, three times or more; `xx`.
fn is_one_letter_repeated(plain: &str) -> bool {
    let mut letters = plain.bytes();
    let first = letters.next().unwrap_or_default();
    first.is_ascii_alphabetic() && letters.all(|b| b == first) && (plain.len() >= 3 || plain == "xx")
}

/// Whether a host receives no person's post.
pub(super) fn is_host_without_people(host: &str) -> bool {
    HOSTS.binary_search(&host).is_ok() || host.ends_with(".invalid")
}

/// `a@b.com`: one letter at one letter. Such hosts exist; addresses that clerks make up are far more frequent.
pub(super) fn is_letter_at_letter(local: &str, host: &str) -> bool {
    let one = |text: &str| text.len() == 1 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    one(local) && host.split_once('.').is_some_and(|(label, rest)| one(label) && !rest.contains('.'))
}

/// Names before the `@` that no person has, without signs, sorted.
const LOCAL_PARTS: [&str; 120] = [
    "anonimo",
    "anonym",
    "anonyme",
    "anonymous",
    "asdasd",
    "asdf",
    "asdfg",
    "asdfgh",
    "asdfjkl",
    "aucun",
    "aucune",
    "azerty",
    "ceshi",
    "client",
    "cliente",
    "convidado",
    "customer",
    "customers",
    "declined",
    "deleted",
    "desconhecido",
    "desconocida",
    "desconocido",
    "donotemail",
    "donotreply",
    "dontreply",
    "dummy",
    "dummyemail",
    "example",
    "fake",
    "fakeemail",
    "fakemail",
    "gast",
    "gastbestellung",
    "gastkunde",
    "guest",
    "guestcheckout",
    "guestuser",
    "inconnu",
    "inconnue",
    "invalid",
    "invitado",
    "kasse",
    "kein",
    "keine",
    "keineangabe",
    "keineemail",
    "keinemail",
    "keinemailadresse",
    "keiner",
    "kunde",
    "kundin",
    "laufkunde",
    "mailerdaemon",
    "meiyou",
    "nadie",
    "naotem",
    "nenhum",
    "nessuna",
    "nessuno",
    "niemand",
    "ninguem",
    "ninguno",
    "noaddress",
    "nobody",
    "noemail",
    "noemailaddress",
    "noemailgiven",
    "noemailprovided",
    "nomail",
    "nomailaddress",
    "noname",
    "none",
    "noone",
    "noreply",
    "noresponse",
    "notapplicable",
    "notavailable",
    "notgiven",
    "notiene",
    "notprovided",
    "notwanted",
    "null",
    "ospite",
    "placeholder",
    "pos",
    "prova",
    "prueba",
    "qwe",
    "qwer",
    "qwert",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "refused",
    "removed",
    "sansemail",
    "sansmail",
    "sconosciuto",
    "sememail",
    "senzaemail",
    "sincorreo",
    "sinemail",
    "test",
    "teste",
    "testemail",
    "tester",
    "testing",
    "testkunde",
    "testmail",
    "testuser",
    "unavailable",
    "unbekannt",
    "undefined",
    "unknown",
    "walkin",
    "walkincustomer",
    "wuyouxiang",
    "youremail",
    "yourname",
];

/// Hosts that receive no person's post, sorted.
const HOSTS: [&str; 25] = [
    "asdf.com",
    "dummy.com",
    "fake.com",
    "keine.de",
    "keinemail.de",
    "localhost",
    "localhost.localdomain",
    "noemail.com",
    "noemail.de",
    "nomail.com",
    "none.com",
    "noreply.com",
    "nowhere.com",
    "null.com",
    "pos.com",
    "test.cn",
    "test.com",
    "test.de",
    "test.es",
    "test.fr",
    "test.it",
    "test.test",
    "unknown.com",
    "xxx.xxx",
    "yyy.com",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(LOCAL_PARTS.is_sorted() && HOSTS.is_sorted());
    }
}

//! `database:` of a channel in `pipelines/<pipeline>/pipeline.yaml`.

use super::*;
use crate::model::{DatabaseAddress, Overlap};
use crate::terms::duration;

/// A database that rows are read from.
pub(crate) static DATABASE: ObjectSpec = ObjectSpec {
    name: "a database",
    doc: "A table or query of PostgreSQL, MySQL or MariaDB: exactly one of `table` and `query`. Only columns that the dataset declares are read. The dataset needs a `key`, so that a row that is read again is known. How and why: docs/adr/0022-databases-as-sources.md.",
    keys: &[
        Key::required(
            "url",
            Kind::Form(&DATABASE_ADDRESS),
            "Where its address is found: `env:NAME`, a file of mode 0600 outside the project (`file:~/…`), or a URL without a password. The address is a URL such as `postgres://user:password@host/database` or `mysql://…`.",
        ),
        Key::optional(
            "table",
            Kind::Text,
            "The table or view, `name` or `schema.name`, spelled as in the database.",
        ),
        Key::optional("query", Kind::Text, "One SELECT, in the database's SQL."),
        Key::optional(
            "incremental",
            Kind::Text,
            "Column (its name in the database, a field of the dataset) that grows with every change: a time of change or a serial number, never null. Its greatest value is remembered with the rows, and the next run reads from there.",
        )
        .absent("each run reads everything"),
        Key::optional(
            "overlap",
            Kind::Form(&OVERLAP),
            "How far before the remembered value the next run begins, for changes that are committed late: a length of time, or a number for a column of numbers. Rows that come again are duplicates by key.",
        )
        .absent("from the remembered value on"),
        Key::optional(
            "partition_on",
            Kind::Text,
            "Column of numbers by whose ranges several connections divide the rows, such as the primary key.",
        )
        .absent("a whole table of PostgreSQL by its blocks; anything else by one connection"),
        Key::optional("parallel", Kind::Integer(1, 64), "Connections that read, all of the same snapshot.").absent("1"),
        Key::optional("timeout", Kind::Form(&DURATION), "How long one statement may take.").absent("`PT1H`"),
        Key::optional(
            "tls",
            Kind::Object(&DATABASE_TLS),
            "What the server's certificate is held against. A server that is not on this machine is only read over TLS, its certificate and name verified.",
        )
        .absent("the system's certificates; none for a server on this machine"),
    ],
    exactly_one: &["table", "query"],
};

/// What a server's certificate is held against.
pub(crate) static DATABASE_TLS: ObjectSpec = ObjectSpec {
    name: "a trust demand",
    doc: "What a database server's certificate is held against. Where it is written, TLS is demanded of a server on this machine too.",
    keys: &[
        Key::optional(
            "ca_file",
            Kind::Text,
            "PEM file of the certificates that the server's must come from: absolute, from the home folder (`~/…`), or relative to the project's root.",
        )
        .absent("the system's certificates"),
    ],
    exactly_one: &[],
};

/// Where the address of a database is found. What is wrong is never quoted: it may be a password.
pub(crate) static DATABASE_ADDRESS: Form = Form {
    name: "where a database's address is found",
    pattern: Some("^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|(postgres|postgresql|mysql|mariadb)://.+)$"),
    examples: &["env:SHOP_DB_URL", "file:~/.config/lakewarden/shop.url", "postgres:///shop?host=/run/postgresql"],
    numbers: false,
    check: |text| match text.parse::<DatabaseAddress>() {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    },
};

/// A length of time in hours, minutes and seconds.
pub(crate) static DURATION: Form = Form {
    name: "a length of time (ISO 8601)",
    pattern: Some("^P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?$"),
    examples: &["PT10M", "PT1H30M", "P1D"],
    numbers: false,
    check: |text| Ok(duration(text).map(|_| ())?),
};

/// A length of time, or of numbers.
pub(crate) static OVERLAP: Form = Form {
    name: "a length of time (ISO 8601) or a whole number",
    pattern: Some("^([0-9]+|P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+S)?)?)$"),
    examples: &["PT10M", "P1D", "1000"],
    numbers: true,
    check: |text| Ok(text.parse::<Overlap>().map(|_| ())?),
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn examples_have_the_form_they_are_examples_of() {
        for form in [&DATABASE_ADDRESS, &DURATION, &OVERLAP] {
            for example in form.examples {
                assert_eq!((form.check)(example), Ok(()), "{}: {example:?}", form.name);
            }
            assert!((form.check)("").is_err(), "{}", form.name);
        }
    }

    #[test]
    fn a_broken_address_is_not_quoted() {
        for text in ["shop:hunter2@db", "env:", "env:A B", "file:", "mssql://sa:hunter2@db/x", "postgres://"] {
            let wrong = (DATABASE_ADDRESS.check)(text).unwrap_err();
            assert!(!wrong.message.contains("hunter2") && !wrong.hint.unwrap().contains("hunter2"), "{text}");
        }
    }
}

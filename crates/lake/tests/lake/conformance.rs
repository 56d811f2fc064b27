//! The suites of `checks`, `tables` and `audit_and_lease` over each kind of store.

use lakewarden_lake::Lake;
use tempfile::TempDir;
use url::Url;
use uuid::Uuid;

use crate::s3_server::{Manner, S3Server};

/// A lake, and what has to live as long.
pub struct Opened {
    pub lake: Lake,
    _folder: Option<TempDir>,
    _server: Option<S3Server>,
}

/// In a bucket of an S3 server in this process.
pub async fn s3s() -> Opened {
    let server = S3Server::start(Manner::Good).await;
    let url = Url::parse("s3://lakewarden/some/where").unwrap();
    Opened { lake: Lake::with_store(&url, server.store()).unwrap(), _folder: None, _server: Some(server) }
}

/// On the disk, in a folder whose name needs escaping in URLs.
pub fn local() -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let url = Url::from_directory_path(folder.path().join("湖 a+b%20")).unwrap();
    Opened { lake: Lake::open(&url).unwrap(), _folder: Some(folder), _server: None }
}

/// In memory.
pub fn memory() -> Opened {
    let url = Url::parse("memory:///some/where").unwrap();
    Opened { lake: Lake::open(&url).unwrap(), _folder: None, _server: None }
}

/// In a bucket, under a prefix of its own.
pub fn s3() -> Opened {
    let endpoint =
        std::env::var("LAKEWARDEN_S3_ENDPOINT").expect("LAKEWARDEN_S3_ENDPOINT is the address of an S3 server");
    assert_eq!(
        std::env::var("AWS_ENDPOINT_URL").ok().as_deref(),
        Some(endpoint.as_str()),
        "AWS_ENDPOINT_URL must be the same address; set AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY too"
    );
    let bucket = std::env::var("LAKEWARDEN_S3_BUCKET").unwrap_or_else(|_| "lakewarden".into());
    let url = Url::parse(&format!("s3://{bucket}/{}", Uuid::new_v4())).unwrap();
    Opened { lake: Lake::open(&url).unwrap(), _folder: None, _server: None }
}

macro_rules! suite {
    (
        everywhere { $($check:path => $name:ident,)* }
        racing { $($race:path => $racing:ident,)* }
    ) => {
        mod on_local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let opened = super::local();
                $check(&opened.lake).await;
            })*
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $racing() {
                let opened = super::local();
                $race(&opened.lake).await;
            })*
        }
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let opened = super::memory();
                $check(&opened.lake).await;
            })*
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $racing() {
                let opened = super::memory();
                $race(&opened.lake).await;
            })*
        }
        /// Its conditional puts are not atomic when they race: no test that races is run here.
        mod on_s3s {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let opened = super::s3s().await;
                $check(&opened.lake).await;
            })*
        }
        mod on_s3 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs an S3 server at LAKEWARDEN_S3_ENDPOINT"]
            async fn $name() {
                let opened = super::s3();
                $check(&opened.lake).await;
            })*
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs an S3 server at LAKEWARDEN_S3_ENDPOINT"]
            async fn $racing() {
                let opened = super::s3();
                $race(&opened.lake).await;
            })*
        }
    };
}

suite! {
    everywhere {
        crate::tables::create_append_replace => create_append_replace,
        crate::tables::publishing_twice_changes_nothing => publishing_twice_changes_nothing,
        crate::tables::an_id_stands_for_one_set_of_changes => an_id_stands_for_one_set_of_changes,
        crate::tables::several_tables_at_once => several_tables_at_once,
        crate::tables::files_do_not_depend_on_batches => files_do_not_depend_on_batches,
        crate::tables::row_groups_keep_their_order => row_groups_keep_their_order,
        crate::tables::schemas_grow => schemas_grow,
        crate::tables::columns_and_files => columns_and_files,
        crate::tables::many_versions_and_a_ledger => many_versions_and_a_ledger,
        crate::tables::what_was_noted_outlives_other_programs => what_was_noted_outlives_other_programs,
        crate::tables::no_text_in_the_log => no_text_in_the_log,
        crate::descriptions::descriptions_reach_the_log => descriptions_reach_the_log,
        crate::descriptions::descriptions_change_only_when_they_differ => descriptions_change_only_when_they_differ,
        crate::descriptions::a_replaced_table_may_become_not_nullable => a_replaced_table_may_become_not_nullable,
        crate::checks::bad_publications_change_nothing => bad_publications_change_nothing,
        crate::checks::bad_batches_are_refused => bad_batches_are_refused,
        crate::checks::foreign_features_are_refused => foreign_features_are_refused,
        crate::checks::aborted_writers_leave_nothing => aborted_writers_leave_nothing,
        crate::checks::orphans_are_found_and_removed => orphans_are_found_and_removed,
        crate::checks::stale_intents_are_withdrawn => stale_intents_are_withdrawn,
        crate::checks::single_objects => single_objects,
        crate::audit_and_lease::the_chain_shows_what_was_done_to_it => the_chain_shows_what_was_done_to_it,
        crate::audit_and_lease::one_writer_at_a_time => one_writer_at_a_time,
        crate::stores::a_good_store_is_asked_once => a_good_store_is_asked_once,
        crate::audit_and_lease::a_clock_that_jumps => a_clock_that_jumps,
        crate::doctor::a_sound_lake_is_healthy => a_sound_lake_is_healthy,
        crate::doctor::what_runs_left_is_found_and_mended => what_runs_left_is_found_and_mended,
        crate::doctor::damaged_logs_are_told_with_what_mends_them => damaged_logs_are_told_with_what_mends_them,
        crate::doctor::damaged_records_are_told_with_what_mends_them => damaged_records_are_told_with_what_mends_them,
    }
    racing {
        crate::tables::concurrent_publishers => concurrent_publishers,
        crate::audit_and_lease::the_chain_holds => the_chain_holds,
        crate::audit_and_lease::one_of_many_gets_the_lease => one_of_many_gets_the_lease,
        crate::audit_and_lease::two_runs_at_once => two_runs_at_once,
        crate::doctor::a_race_is_won_by_one => a_race_is_won_by_one,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs an S3 server at LAKEWARDEN_S3_ENDPOINT"]
async fn a_missing_bucket_is_said_so() {
    let _settings_are_there = s3();
    let url = Url::parse(&format!("s3://no-bucket-{}/lake", Uuid::new_v4())).unwrap();
    let lake = Lake::open(&url).unwrap();
    let staged = crate::sample::stage(&lake, lakewarden_lake::Zone::Curated, "t", crate::sample::rows(0, 1));
    for error in [lake.check_access().await.unwrap_err(), staged.await.unwrap_err()] {
        assert!(error.to_string().contains("the bucket does not exist"), "{error}");
        assert!(!error.is_retryable());
        assert!(error.hint().unwrap().contains("bucket"));
    }
}

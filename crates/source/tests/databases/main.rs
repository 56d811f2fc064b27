//! Reads of real servers: PostgreSQL and MariaDB, which `.ci/databases start FOLDER` starts.
#![allow(clippy::unwrap_used)]

mod mysql;
mod postgres;
mod support;
mod trust;

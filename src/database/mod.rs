//! The embedded DynamoDB.
//!
//! - `server`: its port, and who may use it; `signature`: the signature of a request; `operations`: what it can be asked for.

mod operations;
mod server;
mod signature;

use std::{net::SocketAddr, path::Path};

use anyhow::{Context, Result, anyhow};
use dynoxide::Database;
use rusqlite::Connection;
use shared::config::Dynamodb;
use uuid::Uuid;

pub use self::server::serve;
use crate::{folder, options::Options};

/// The records of streams have no index of their own: each write would read all of them for the next sequence number, and
/// each look for new ones too.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS scanward_stream_records
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";
/// What SQLite adds to the name of its file for those beside it.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The DynamoDB of these options: the one that they name, or an embedded one that is served on `listen`.
///
/// # Errors
/// When the data folder cannot be used, or the address is taken.
pub async fn of(options: &Options, listen: SocketAddr) -> Result<Dynamodb> {
    match &options.dynamodb_endpoint {
        Some(dynamodb) => Ok(dynamodb.clone()),
        None if options.memory => in_memory(listen).await,
        None => in_folder(&options.data, listen).await,
    }
}

/// Serves a database in memory on a free port of this machine, or on `listen`.
///
/// # Errors
/// When the address is taken.
pub async fn in_memory(listen: SocketAddr) -> Result<Dynamodb> {
    // A name, by which a second connection reaches the same memory.
    serve(open(&format!("file:{}?mode=memory&cache=shared", Uuid::now_v7()))?, listen).await
}

/// Serves the database in the folder `data` on `listen`.
///
/// # Errors
/// When the folder cannot be used, or the address is taken.
pub async fn in_folder(data: &Path, listen: SocketAddr) -> Result<Dynamodb> {
    folder::make(data)?;
    let path = data.join("dynamodb.sqlite");
    let file = path.to_str().context("the data folder's path is not UTF-8")?;
    // SQLite gives the files beside it the mode of this one, but leaves those that an earlier process has left.
    folder::make_file(&path)?;
    for end in BESIDE {
        folder::close_file(Path::new(&format!("{file}{end}")))?;
    }
    serve(open(file)?, listen).await
}

fn open(file: &str) -> Result<Database> {
    let database = Database::new(file).map_err(|error| anyhow!("{file}: {error}"))?;
    let index = || Connection::open(file)?.execute_batch(INDEX);
    index().with_context(|| format!("{file}: the stream has no index"))?;
    Ok(database)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_records_of_streams_are_found_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dynamodb.sqlite");
        let names = ["file:indexed?mode=memory&cache=shared", file.to_str().unwrap()];
        for name in names {
            let _database = open(name).unwrap();
            drop(open(name).unwrap());
            let connection = Connection::open(name).unwrap();
            // The statement by which dynoxide numbers a record.
            let plan = "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 \
                FROM _stream_records WHERE table_name = 'one'";
            let plan: String = connection.query_row(plan, [], |row| row.get("detail")).unwrap();
            assert!(plan.contains("scanward_stream_records"), "{plan}");
        }
    }
}

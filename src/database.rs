//! The embedded DynamoDB.

use std::{fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result, anyhow};
use dynoxide::{Database, server};
use rusqlite::Connection;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::options::Options;

/// The records of streams have no index of their own: each write would read all of them for the next sequence number, and
/// each look for new ones too.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS scanward_stream_records
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// The endpoint of the DynamoDB of these options: the one that they name, or an embedded one that is served on `listen`.
///
/// # Errors
/// When the data folder cannot be used, or the address is taken.
pub async fn endpoint(options: &Options, listen: SocketAddr) -> Result<String> {
    match &options.dynamodb_endpoint {
        Some(endpoint) => Ok(endpoint.clone()),
        None if options.memory => in_memory(listen).await,
        None => in_folder(&options.data, listen).await,
    }
}

/// Serves a database in memory on a free port of this machine, or on `listen`; returns its endpoint.
///
/// # Errors
/// When the address is taken.
pub async fn in_memory(listen: SocketAddr) -> Result<String> {
    // A name, by which a second connection reaches the same memory.
    serve(open(&format!("file:{}?mode=memory&cache=shared", Uuid::now_v7()))?, listen).await
}

/// Serves the database in the folder `data` on `listen`; returns its endpoint.
///
/// # Errors
/// When the folder cannot be used, or the address is taken.
pub async fn in_folder(data: &Path, listen: SocketAddr) -> Result<String> {
    fs::create_dir_all(data).with_context(|| format!("{} cannot be created", data.display()))?;
    let file = data.join("dynamodb.sqlite");
    let file = file.to_str().context("the data folder's path is not UTF-8")?;
    serve(open(file)?, listen).await
}

fn open(file: &str) -> Result<Database> {
    let database = Database::new(file).map_err(|error| anyhow!("{file}: {error}"))?;
    let index = || Connection::open(file)?.execute_batch(INDEX);
    index().with_context(|| format!("{file}: the stream has no index"))?;
    Ok(database)
}

async fn serve(database: Database, listen: SocketAddr) -> Result<String> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("DynamoDB cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    tokio::spawn(server::serve_on(listener, database));
    Ok(format!("http://{address}"))
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

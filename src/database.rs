//! The embedded DynamoDB.

use std::{fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result, anyhow};
use dynoxide::{Database, server};
use tokio::net::TcpListener;

/// Serves a database in memory on a free port of this machine, or on `listen`; returns its endpoint.
///
/// # Errors
/// When the address is taken.
pub async fn in_memory(listen: SocketAddr) -> Result<String> {
    serve(Database::memory().map_err(|error| anyhow!("{error}"))?, listen).await
}

/// Serves the database in the folder `data` on `listen`; returns its endpoint.
///
/// # Errors
/// When the folder cannot be used, or the address is taken.
pub async fn in_folder(data: &Path, listen: SocketAddr) -> Result<String> {
    fs::create_dir_all(data).with_context(|| format!("{} cannot be created", data.display()))?;
    let file = data.join("dynamodb.sqlite");
    let file = file.to_str().context("the data folder's path is not UTF-8")?;
    serve(Database::new(file).map_err(|error| anyhow!("{file}: {error}"))?, listen).await
}

async fn serve(database: Database, listen: SocketAddr) -> Result<String> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("DynamoDB cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    tokio::spawn(server::serve_on(listener, database));
    Ok(format!("http://{address}"))
}

//! Parts of a run's results, as scanners upload them.

use axum::Json;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    Error, Result,
    api::{Body, Param},
    input::Bounded,
    operation,
    store::Reads,
    time::Timestamp,
};

use crate::{
    digest::ContentDigest,
    given::Chunk,
    ingest,
    scanner::{Number, OwnJob, lost},
    stored::Stored,
};

/// The answer of Upload a chunk of results.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Uploaded {
    /// The number of the part.
    number: u64,
    /// The SHA-256 of its content, in base64.
    digest: String,
}

/// Upload a chunk of results
///
/// Parts are numbered from 0 for each claim. What a part holds is stored before its mark is: a part that was answered is safe, and
/// sent again it changes nothing.
#[operation(put, "/agent/jobs/{id}/chunks/{epoch}/{number}", lost(), other_content())]
pub(crate) async fn upload_chunk(
    job: OwnJob,
    Param(Number(epoch)): Param<Number>,
    Param(Number(number)): Param<Number>,
    ContentDigest(digest): ContentDigest,
    Body(chunk): Body<Chunk>,
) -> Result<Json<Uploaded>> {
    job.require_epoch(epoch)?;
    let (store, scan) = (job.0.store(), &job.0.scan);
    let answer = Uploaded { number, digest: digest.to_string() };
    let found = store.read(Reads::none().child::<Stored>(scan.id, (epoch, number))).await?;
    if let Some(stored) = store.child::<Stored>(&found, scan, (epoch, number))? {
        return if stored.digest == answer.digest { Ok(Json(answer)) } else { Err(other_content()) };
    }
    let dead = chunk.dead.clone().map(Bounded::into).unwrap_or_default();
    ingest::store(&job.0, chunk).await?;
    let mark = Stored { scan_id: scan.id, epoch, number, digest: answer.digest.clone(), dead, at: Timestamp::now() };
    // Where the same part was stored meanwhile, it was stored with what this one holds.
    store.put_first_part(scan, &mark).await?;
    Ok(Json(answer))
}

fn other_content() -> Error {
    Error::conflict("A part with this number has another content")
}

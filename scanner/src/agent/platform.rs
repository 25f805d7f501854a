//! The operations of the platform, as an enrolled scanner calls them. The token is kept, and renewed before it expires.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, RequestBuilder, header::CONTENT_TYPE};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};
use uuid::Uuid;

use super::{
    enrollment::Enrollment,
    http::{Connection, Failure, unreadable},
    key::Key,
    wire::{Assertion, Claim, Claimed, Completion, Numbered, Poll, Polled, Renew, Renewed, Token},
};
use crate::{scan::Progress, text::clean};

/// The platform, for one scanner.
pub struct Platform {
    connection: Connection,
    key: Key,
    scanner: Uuid,
    issuer: String,
    token: Mutex<Option<Held>>,
}

/// A token, and the time after which another one is fetched.
struct Held {
    token: String,
    until: Instant,
}

impl Platform {
    /// The platform with which a scanner is enrolled.
    #[must_use]
    pub fn new(connection: Connection, key: Key, enrollment: &Enrollment) -> Self {
        Self {
            connection,
            key,
            scanner: enrollment.scanner_id,
            issuer: enrollment.issuer.clone(),
            token: Mutex::new(None),
        }
    }

    /// What people compare before they verify the scanner.
    pub(crate) fn fingerprint(&self) -> String {
        self.key.fingerprint()
    }

    /// Whether the platform takes this scanner's key.
    ///
    /// # Errors
    /// It does not, or is out of reach.
    pub async fn sign_in(&self) -> Result<(), Failure> {
        self.token().await.map(drop)
    }

    pub(crate) async fn poll(&self, poll: &Poll<'_>) -> Result<Polled, Failure> {
        self.post("/agent/poll", poll).await
    }

    pub(crate) async fn claim(&self, job: Uuid, claim_id: Uuid) -> Result<Claimed, Failure> {
        let value: Value = self.post(&format!("/agent/jobs/{job}/claim"), &Claim { claim_id }).await?;
        // The epoch first: a job that cannot be read has to be completed nevertheless.
        let Numbered { epoch } = serde_json::from_value(value.clone()).map_err(|error| unreadable(&error))?;
        Ok(match serde_json::from_value::<crate::job::Job>(value) {
            Ok(read) if read.id == job => Claimed::Job(Box::new(read)),
            Ok(_) => return Err(Failure::temporary("the platform answers with another job")),
            Err(error) => Claimed::Unknown { epoch, reason: clean(&error.to_string(), 200) },
        })
    }

    /// Keeps the lease. A scan that knows nothing yet says nothing: what the platform knows of it from before is more.
    pub(crate) async fn renew(&self, job: Uuid, epoch: u64, progress: &Progress) -> Result<Renewed, Failure> {
        self.post(
            &format!("/agent/jobs/{job}/renew"),
            &Renew { epoch, progress: Some(progress).filter(|it| it.hosts_total > 0) },
        )
        .await
    }

    /// Sends a chunk.
    pub(crate) async fn upload(&self, job: Uuid, epoch: u64, number: u64, chunk: Vec<u8>) -> Result<(), Failure> {
        let path = format!("/agent/jobs/{job}/chunks/{epoch}/{number}");
        let digest = format!("sha-256=:{}:", STANDARD.encode(digest(&SHA256, &chunk)));
        self.authorized(|| {
            let request = self.connection.request(Method::PUT, &path);
            request.header(CONTENT_TYPE, "application/json").header("content-digest", &digest).body(chunk.clone())
        })
        .await
        .map(drop)
    }

    pub(crate) async fn complete(&self, job: Uuid, completion: &Completion) -> Result<(), Failure> {
        let path = format!("/agent/jobs/{job}/complete");
        let body = serde_json::to_vec(completion).map_err(|error| Failure::temporary(error.to_string()))?;
        self.authorized(|| self.connection.post(&path, body.clone())).await.map(drop)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::temporary(error.to_string()))?;
        let answer = self.authorized(|| self.connection.post(path, body.clone())).await?;
        serde_json::from_slice(&answer).map_err(|error| unreadable(&error))
    }

    /// Sends a request with the token; once more with another one when the platform does not take it.
    async fn authorized(&self, request: impl Fn() -> RequestBuilder) -> Result<Vec<u8>, Failure> {
        let token = self.token().await?;
        match self.connection.answer(request().bearer_auth(&token)).await {
            Err(Failure::Unauthorized) => {
                self.forget(&token).await;
                let token = self.token().await?;
                match self.connection.answer(request().bearer_auth(token)).await {
                    // The key is good, since there is a token.
                    Err(Failure::Unauthorized) => Err(Failure::temporary("the platform does not take its own token")),
                    other => other,
                }
            }
            other => other,
        }
    }

    /// The token; another one when it expires soon. Those who need it at once wait for one request.
    async fn token(&self) -> Result<String, Failure> {
        let mut held = self.token.lock().await;
        if let Some(held) = held.as_ref().filter(|it| Instant::now() < it.until) {
            return Ok(held.token.clone());
        }
        let asked = Instant::now();
        let assertion = self.key.assertion(self.scanner, &self.issuer, SystemTime::now());
        let assertion = assertion.map_err(|error| Failure::temporary(error.to_string()))?;
        let body = serde_json::to_vec(&Assertion { assertion: &assertion });
        let body = body.map_err(|error| Failure::temporary(error.to_string()))?;
        let Token { token, expires_in } = self.connection.send(self.connection.post("/agent/token", body)).await?;
        let life = self.connection.timing.seconds(expires_in);
        let margin = (life / 5).min(Duration::from_secs(60));
        *held = Some(Held { token: token.clone(), until: asked + (life - margin) });
        Ok(token)
    }

    async fn forget(&self, token: &str) {
        let mut held = self.token.lock().await;
        if held.as_ref().is_some_and(|held| held.token == token) {
            *held = None;
        }
    }
}

//! A scanner as the platform sees it: it holds a key, and calls the operations of scanners.

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

use super::{Client, Reply, World};

/// A scanner that has enrolled, and that its organization has verified and activated.
pub struct Scanner {
    /// Its id.
    pub id: String,
    /// What calls as it.
    pub client: Client,
}

impl Scanner {
    /// A new scanner of the caller's organization.
    pub async fn of(world: &World, owner: &Client) -> Self {
        let created = owner.post("/v2/scanners", json!({ "scanner": { "name": "Beside the network" } })).await.ok(201);
        let id = created.id();
        let pair = Ed25519KeyPair::generate().unwrap();
        let key = STANDARD.encode(pair.public_key().as_ref());
        let code = &created.attributes()["enrollment_code"];
        let body = json!({ "code": code, "public_key": key, "version": "0.1.0", "engines": ["connect"] });
        let enrolled = world.nobody().post("/agent/enroll", body).await.ok(200);
        let path = format!("/v2/scanners/{id}");
        owner.put(&format!("{path}/verify"), json!({ "fingerprint": enrolled["fingerprint"] })).await.ok(200);
        owner.put(&format!("{path}/activate"), json!({})).await.ok(200);
        let assertion = assertion(&pair, &id, enrolled["issuer"].as_str().unwrap(), 60);
        let token = world.nobody().post("/agent/token", json!({ "assertion": assertion })).await.ok(200);
        let client = world.bearer(token["token"].as_str().unwrap());
        Self { id, client }
    }

    /// Calls an operation on the job of a scan.
    pub async fn job(&self, scan: &str, operation: &str, body: Value) -> Reply {
        self.client.post(&format!("/agent/jobs/{scan}/{operation}"), body).await
    }

    /// Claims the job of a scan; returns the epoch.
    pub async fn claim(&self, scan: &str) -> u64 {
        let claimed = self.job(scan, "claim", json!({ "claim_id": uuid::Uuid::now_v7() })).await.ok(200);
        claimed["epoch"].as_u64().unwrap()
    }

    /// Uploads a part of the results.
    pub async fn upload(&self, scan: &str, epoch: u64, number: u64, chunk: &Value) -> Reply {
        let body = chunk.to_string();
        let digest = format!("sha-256=:{}:", STANDARD.encode(digest(&SHA256, body.as_bytes()).as_ref()));
        let path = format!("/agent/jobs/{scan}/chunks/{epoch}/{number}");
        self.client.with("content-digest", &digest).raw("PUT", &path, "application/json", body).await
    }

    /// Completes the job of a scan.
    pub async fn complete(&self, scan: &str, epoch: u64, chunks: u64) -> Reply {
        self.job(scan, "complete", json!({ "epoch": epoch, "chunks": chunks, "outcome": "done" })).await
    }

    /// Runs a scan, which was started, with these results.
    pub async fn run(&self, scan: &str, hosts: &Value) {
        let epoch = self.claim(scan).await;
        self.upload(scan, epoch, 0, &json!({ "hosts": hosts })).await.ok(200);
        self.complete(scan, epoch, 1).await.ok(200);
    }
}

/// An assertion of a scanner's key.
pub fn assertion(pair: &Ed25519KeyPair, id: &str, audience: &str, lifetime: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({ "alg": "EdDSA", "typ": "scanner-assertion+jwt" }));
    let claims = json!({ "iss": id, "sub": id, "aud": audience, "iat": now, "exp": now + lifetime, "jti": uuid::Uuid::now_v7() });
    let signed = format!("{header}.{}", part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()).as_ref());
    format!("{signed}.{signature}")
}

/// A host without faults, with checks that ran on it.
pub fn host(host: &str, checks_run: &[&str], findings: &[Value]) -> Value {
    json!({ "host": host, "addresses": [host], "services": [], "checks_run": checks_run, "findings": findings })
}

/// Something that was found.
pub fn finding(check: &str, port: u16) -> Value {
    json!({ "check": check, "port": port, "protocol": "tcp", "sources": ["test"], "qod": 90, "evidence": "seen" })
}

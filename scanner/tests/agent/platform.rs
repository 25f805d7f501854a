//! A platform on loopback, which keeps what it is sent and fails as it is told.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, UnparsedPublicKey},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{post, put},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};
use url::Url;
use uuid::Uuid;

/// How a call fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is not done, and this is the answer.
    Status(u16),
    /// It is done, and the answer is lost.
    Lost,
    /// It is done, and there is no answer.
    Silence,
}

#[derive(Default)]
pub(crate) struct FakeJob {
    pub(crate) body: Value,
    pub(crate) epoch: u64,
    pub(crate) claim_id: Option<Uuid>,
    pub(crate) claims: Vec<Uuid>,
    pub(crate) lease_until: Option<Instant>,
    pub(crate) lease: Duration,
    /// Chunks by epoch and number.
    pub(crate) chunks: BTreeMap<(u64, u64), Vec<u8>>,
    pub(crate) completions: Vec<Value>,
    pub(crate) stops: bool,
    pub(crate) progress: Vec<Value>,
}

#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) jobs: BTreeMap<Uuid, FakeJob>,
    pub(crate) faults: HashMap<&'static str, VecDeque<Fault>>,
    pub(crate) calls: HashMap<&'static str, usize>,
    pub(crate) is_down: bool,
    pub(crate) status: u16,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) scanner: Uuid,
    pub(crate) tokens: HashSet<String>,
    pub(crate) assertions: HashSet<String>,
    pub(crate) polls: Vec<Value>,
    /// What `stop` of a poll names.
    pub(crate) named: Vec<Uuid>,
    /// A host whose results are refused.
    pub(crate) bad_host: Option<&'static str>,
}

#[derive(Clone)]
pub(crate) struct Fake {
    stored: Arc<Mutex<Stored>>,
    /// Changes with every call.
    pub(crate) calls: watch::Receiver<u64>,
    told: Arc<watch::Sender<u64>>,
    address: SocketAddr,
}

pub(crate) const CODE: &str = "scanner_test";
pub(crate) const ISSUER: &str = "https://platform.example";

impl Fake {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (told, calls) = watch::channel(0);
        let stored = Stored { scanner: Uuid::now_v7(), status: 200, ..Stored::default() };
        let address = listener.local_addr().unwrap();
        let fake = Self { stored: Arc::new(Mutex::new(stored)), calls, told: Arc::new(told), address };
        let router = Router::new()
            .route("/agent/enroll", post(enroll))
            .route("/agent/token", post(token))
            .route("/agent/poll", post(poll))
            .route("/agent/jobs/{id}/claim", post(claim))
            .route("/agent/jobs/{id}/renew", post(renew))
            .route("/agent/jobs/{id}/chunks/{epoch}/{number}", put(chunk))
            .route("/agent/jobs/{id}/complete", post(complete))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        fake
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.address).parse().unwrap()
    }

    pub(crate) fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap()
    }

    /// Waits until something is stored.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Stored) -> bool) {
        let waiting = async {
            let mut calls = self.calls.clone();
            while !holds(&self.stored()) {
                calls.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    pub(crate) fn fail(&self, call: &'static str, faults: &[Fault]) {
        self.stored().faults.entry(call).or_default().extend(faults);
    }

    /// Adds a job of these hosts; a second of the platform is 10 ms.
    pub(crate) fn job(&self, lease_seconds: u64) -> Uuid {
        let id = Uuid::now_v7();
        let body = json!({
            "id": id, "run_id": Uuid::now_v7(), "scan_id": Uuid::now_v7(), "epoch": 0, "lease_seconds": lease_seconds,
            "deadline": "2099-01-01T00:00:00.000Z", "profile": "full", "hosts": "192.0.2.0/28", "exclude_hosts": "",
            "tcp_ports": "", "udp_ports": "", "max_rate": 300, "hosts_at_once": 8, "intrusive": false,
            "allow_loopback": false, "hosts_finished": [],
        });
        let lease = Duration::from_millis(10) * u32::try_from(lease_seconds).unwrap();
        self.stored().jobs.insert(id, FakeJob { body, lease, ..FakeJob::default() });
        id
    }

    /// Gives a job to somebody else.
    pub(crate) fn hand_on(&self, id: Uuid) {
        let mut stored = self.stored();
        let job = stored.jobs.get_mut(&id).unwrap();
        job.epoch += 1;
        job.claim_id = Some(Uuid::now_v7());
        job.lease_until = Some(Instant::now() + Duration::from_secs(600));
    }

    /// Takes a call, and answers it as it is told to.
    async fn take(&self, call: &'static str, work: impl FnOnce(&mut Stored) -> Response) -> Response {
        let (answer, fault) = {
            let mut stored = self.stored();
            *stored.calls.entry(call).or_default() += 1;
            let fault = stored.faults.get_mut(call).and_then(VecDeque::pop_front);
            let fault = if stored.is_down { Some(Fault::Status(503)) } else { fault };
            match fault {
                Some(Fault::Status(status)) => (refuse(status), fault),
                _ => (work(&mut stored), fault),
            }
        };
        self.told.send_modify(|it| *it += 1);
        match fault {
            Some(Fault::Lost) => refuse(502),
            Some(Fault::Silence) => std::future::pending().await,
            _ => answer,
        }
    }
}

impl FakeJob {
    /// The hosts of an epoch in their order, from the chunks that count.
    pub(crate) fn hosts(&self, epoch: u64) -> Vec<String> {
        let of_epoch = self.chunks.iter().filter(|((it, _), _)| *it == epoch);
        let chunks = of_epoch.map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap());
        chunks
            .flat_map(|it| [it["hosts"].clone(), it["dead"].clone()])
            .flat_map(|it| it.as_array().unwrap().clone())
            .map(|it| it.get("host").unwrap_or(&it).as_str().unwrap().to_owned())
            .collect()
    }

    fn has_ended(&self) -> bool {
        !self.completions.is_empty()
    }
}

fn refuse(status: u16) -> Response {
    let body = json!({ "error": { "code": "x", "message": "a reason", "details": {}, "request_id": "r" } });
    let headers = if status == 429 { vec![(header::RETRY_AFTER, "1")] } else { vec![] };
    let mut answer = (StatusCode::from_u16(status).unwrap(), Json(body)).into_response();
    answer.headers_mut().extend(headers.into_iter().map(|(name, value)| (name, value.parse().unwrap())));
    answer
}

async fn enroll(State(fake): State<Fake>, Json(body): Json<Value>) -> Response {
    fake.take("enroll", |stored| {
        let key = STANDARD.decode(body["public_key"].as_str().unwrap()).unwrap();
        if body["code"] != CODE || stored.key.as_ref().is_some_and(|it| *it != key) {
            return refuse(401);
        }
        let fingerprint = STANDARD.encode(digest(&SHA256, &key));
        stored.key = Some(key);
        let fingerprint = format!("SHA256:{}", fingerprint.trim_end_matches('='));
        Json(json!({
            "scanner_id": stored.scanner, "organization_id": Uuid::now_v7(), "status": "enrolled",
            "fingerprint": fingerprint, "issuer": ISSUER,
        }))
        .into_response()
    })
    .await
}

async fn token(State(fake): State<Fake>, Json(body): Json<Value>) -> Response {
    fake.take("token", |stored| {
        if stored.status != 200 {
            return refuse(stored.status);
        }
        let assertion = body["assertion"].as_str().unwrap();
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ED25519, stored.key.clone().unwrap_or_default());
        if key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).is_err() {
            return refuse(401);
        }
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!((&claims["sub"], &claims["aud"]), (&json!(stored.scanner), &json!(ISSUER)));
        assert!(stored.assertions.insert(claims["jti"].to_string()), "an assertion is used once");
        let token = Uuid::now_v7().to_string();
        stored.tokens.insert(token.clone());
        // Half a second.
        Json(json!({ "token": token, "expires_in": 50 })).into_response()
    })
    .await
}

fn is_known(stored: &Stored, headers: &HeaderMap) -> bool {
    let token = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
    token.is_some_and(|token| stored.tokens.contains(token))
}

async fn poll(State(fake): State<Fake>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    fake.take("poll", |stored| {
        if !is_known(stored, &headers) {
            return refuse(401);
        }
        stored.polls.push(body);
        let now = Instant::now();
        let is_free = |job: &FakeJob| !job.has_ended() && job.lease_until.is_none_or(|it| it < now);
        let jobs: Vec<Value> =
            stored.jobs.iter().filter(|(_, it)| is_free(it)).map(|(id, _)| json!({ "id": id })).collect();
        Json(json!({ "jobs": jobs, "stop": stored.named, "next_poll_seconds": 2 })).into_response()
    })
    .await
}

/// A call about a job of which this claim is the last one.
async fn of_job(
    fake: Fake,
    call: &'static str,
    headers: HeaderMap,
    id: Uuid,
    epoch: u64,
    work: impl FnOnce(&mut FakeJob, Option<&str>) -> Response,
) -> Response {
    fake.take(call, |stored| {
        if !is_known(stored, &headers) {
            return refuse(401);
        }
        let bad_host = stored.bad_host;
        match stored.jobs.get_mut(&id) {
            Some(job) if job.epoch == epoch && !job.has_ended() => work(job, bad_host),
            Some(_) => refuse(409),
            None => refuse(404),
        }
    })
    .await
}

async fn claim(
    State(fake): State<Fake>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    fake.take("claim", |stored| {
        if !is_known(stored, &headers) {
            return refuse(401);
        }
        let claim_id: Uuid = body["claim_id"].as_str().unwrap().parse().unwrap();
        let Some(job) = stored.jobs.get_mut(&id) else { return refuse(404) };
        job.claims.push(claim_id);
        if job.has_ended() {
            return refuse(409);
        }
        if job.claim_id != Some(claim_id) {
            if job.lease_until.is_some_and(|it| it > Instant::now()) {
                return refuse(409);
            }
            job.epoch += 1;
            job.claim_id = Some(claim_id);
            job.lease_until = Some(Instant::now() + job.lease);
        }
        let mut body = job.body.clone();
        body["epoch"] = json!(job.epoch);
        body["hosts_finished"] = json!((1..job.epoch).flat_map(|it| job.hosts(it)).collect::<Vec<_>>());
        Json(body).into_response()
    })
    .await
}

async fn renew(
    State(fake): State<Fake>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    of_job(fake, "renew", headers, id, body["epoch"].as_u64().unwrap(), |job, _| {
        job.lease_until = Some(Instant::now() + job.lease);
        job.progress.push(body["progress"].clone());
        let action = if job.stops { "stop" } else { "continue" };
        Json(json!({ "lease_seconds": job.body["lease_seconds"], "action": action })).into_response()
    })
    .await
}

async fn chunk(
    State(fake): State<Fake>,
    Path((id, epoch, number)): Path<(Uuid, u64, u64)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    of_job(fake, "chunk", headers.clone(), id, epoch, |job, bad_host| {
        let expected = format!("sha-256=:{}:", STANDARD.encode(digest(&SHA256, &body)));
        assert_eq!(headers.get("content-digest").unwrap(), &*expected);
        assert!(body.len() <= 512_000);
        let is_bad = bad_host.is_some_and(|host| String::from_utf8_lossy(&body).contains(&format!("\"{host}\"")));
        match job.chunks.get(&(epoch, number)) {
            _ if is_bad => return refuse(422),
            Some(stored) if *stored != body => return refuse(409),
            _ => drop(job.chunks.insert((epoch, number), body.to_vec())),
        }
        Json(json!({ "number": number, "digest": expected })).into_response()
    })
    .await
}

async fn complete(
    State(fake): State<Fake>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let epoch = body["epoch"].as_u64().unwrap();
    of_job(fake, "complete", headers, id, epoch, |job, _| {
        let numbers: Vec<u64> = job.chunks.keys().filter(|it| it.0 == epoch).map(|it| it.1).collect();
        let expected: Vec<u64> = (0..body["chunks"].as_u64().unwrap()).collect();
        assert_eq!(numbers, expected, "there are no gaps");
        job.completions.push(body);
        Json(json!({ "status": "done" })).into_response()
    })
    .await
}

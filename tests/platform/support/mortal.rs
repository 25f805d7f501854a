//! The functions of a platform once more, over the same table, in a process that can be killed before any of its writes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef},
    error::BoxError,
};
use scanward::{
    gateway::Gateway,
    serving::{self, Limits},
    template::{self, Functions, TEMPLATE},
};
use shared::{
    app::Operator,
    config::{Config, Settings},
    keys::NoKeys,
    store::Table,
    time::Timestamp,
};
use tokio::net::TcpListener;

use super::{Reply, World, dynamodb};

/// The calls that write.
const WRITES: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];
/// What is left of processes that live on, and of those that are dead.
const LIVE: u64 = u64::MAX;
const DEAD: u64 = u64::MAX - 1;

/// The processes, which all end at once.
pub struct Mortal {
    life: Life,
    scheduler: Operator,
    url: String,
}

impl Mortal {
    /// The functions of a world.
    pub async fn of(world: &World) -> Self {
        let life = Life(Arc::new(AtomicU64::new(LIVE)));
        let table = Table::new(dynamodb(world), world.table().to_owned()).under(life.clone());
        let config = Config::local(world.table(), world.platform.dynamodb());
        let settings = Settings { allows_loopback: true, ..config.settings };
        let Functions { routes, roles, .. } = template::functions(TEMPLATE).unwrap();
        let operator = |role| Operator::new(table.under(role), Arc::new(NoKeys), settings.clone());
        let scheduler = operator(roles["scheduler"].clone());
        let apps = roles.into_iter().map(|(function, role)| (function, operator(role).app().clone())).collect();
        let gateway = Gateway::new(routes, &apps, || {}).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serving::serve(listener, gateway.router(), Limits::default()));
        Self { life, scheduler, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Kills the processes before a write, when so many others have come through.
    pub fn kill_after(&self, writes: u64) {
        self.life.0.store(writes, Ordering::SeqCst);
    }

    /// Starts them again; returns whether they were killed.
    fn restart(&self) -> bool {
        self.life.0.swap(LIVE, Ordering::SeqCst) == DEAD
    }

    /// Lets them live; returns whether they have lived until now, so that they were to be killed later.
    pub fn spare(&self) -> bool {
        self.life.0.swap(LIVE, Ordering::SeqCst) < DEAD
    }

    /// Sends a request; when the processes are killed meanwhile, sends it again after they were started.
    pub async fn insist(&self, request: impl AsyncFn() -> Reply) -> Reply {
        let reply = request().await;
        if reply.status.is_server_error() {
            assert!(self.restart(), "a request fails by itself: {}", reply.text);
            return request().await.ok(200);
        }
        reply.ok(200)
    }

    /// What the scheduler does at a time.
    pub async fn scheduler(&self, now: Timestamp) -> scheduler::Report {
        scheduler::run(&self.scheduler, now).await
    }
}

/// The number of writes that are left: with the next one the processes die, and nothing comes through.
#[derive(Clone, Debug)]
struct Life(Arc<AtomicU64>);

impl Intercept for Life {
    fn name(&self) -> &'static str {
        "Life"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let is_write = WRITES.iter().any(|write| target.ends_with(&format!(".{write}")));
        let after = |left: u64| match left {
            LIVE | DEAD => left,
            0 if is_write => DEAD,
            left => left - u64::from(is_write),
        };
        let before = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(after(left)));
        let is_dead = before.is_ok_and(|before| after(before) == DEAD);
        if is_dead { Err("the process was killed".into()) } else { Ok(()) }
    }
}

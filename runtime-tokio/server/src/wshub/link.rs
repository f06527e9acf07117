//! The two connections to Redis: one publishes, one listens. If either fails, both are made again, for ever.
//!
//! Ready means proven: a message of the hub's own was published on the one and came back on the other. Messages that were published and
//! not answered for when a connection failed, at most one batch, are published again: the back end may get the last ones twice.

use super::gateway::Gateway;
use super::groups::{Heard, hear};
use super::queue::{Item, Kind};
use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSubStream};
use redis::{AsyncConnectionConfig, Pipeline, RedisError};
use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use throng_tokio::Hub;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// How long a connection, or an answer, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a probe is sent.
const PROBE_EVERY: Duration = Duration::from_secs(2);
/// The first and the longest wait before the next attempt. Each wait is random, up to the bound, which doubles: so that the hubs of a
/// cluster do not all come at once.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Why the connections are made again.
#[derive(Debug)]
enum Lost {
    Redis(RedisError),
    TimedOut(&'static str),
    Ended,
}

impl From<RedisError> for Lost {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis(error) => error.fmt(f),
            Self::TimedOut(what) => write!(f, "{what} took longer than {} s", PATIENCE.as_secs()),
            Self::Ended => f.write_str("the connection has ended"),
        }
    }
}

/// Keeps the connections, for ever.
pub(crate) async fn run(gateway: Arc<Gateway>, hub: Hub) {
    let (gateway, hub) = (&gateway, &hub);
    let mut most = BACK_OFF.0;
    loop {
        let lost = session(gateway, hub).await;
        if gateway.link.set_ready(false) {
            // It has worked: the next attempt is the first.
            most = BACK_OFF.0;
        }
        metrics::counter!("throng_wshub_redis_lost_total").increment(1);
        let pause = most.mul_f64(fastrand::f64()).max(BACK_OFF.0 / 4);
        tracing::warn!(waiting = gateway.queue.len(), ?pause, "no Redis: {lost}");
        sleep(pause).await;
        most = (most * 2).min(BACK_OFF.1);
    }
}

/// One pair of connections, until one fails.
async fn session(gateway: &Gateway, hub: &Hub) -> Lost {
    match connect(gateway).await {
        Err(lost) => lost,
        Ok((connection, stream)) => {
            let probes = Probes::default();
            tokio::select! {
                lost = listen(gateway, hub, stream, &probes) => lost,
                lost = publish(gateway, connection.clone()) => lost,
                lost = probe(gateway, connection, &probes) => lost,
            }
        }
    }
}

async fn connect(gateway: &Gateway) -> Result<(MultiplexedConnection, PubSubStream), Lost> {
    let client = &gateway.link.client;
    let listening = async {
        let (mut sink, stream) = client.get_async_pubsub().await?.split();
        let prefix = escaped(&gateway.prefix);
        sink.psubscribe(&[format!("{prefix}groups-new:*"), format!("{prefix}group-data:*")]).await?;
        sink.subscribe(probe_channel(gateway)).await?;
        Ok::<_, RedisError>(stream)
    };
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let stream = timeout(PATIENCE, listening).await.map_err(|_| Lost::TimedOut("a subscription"))??;
    let publishing = client.get_multiplexed_async_connection_with_config(&config);
    let connection = timeout(PATIENCE, publishing).await.map_err(|_| Lost::TimedOut("a connection"))??;
    Ok((connection, stream))
}

/// The channel on which only this hub listens.
fn probe_channel(gateway: &Gateway) -> String {
    format!("{}hub-probe:{:016x}", gateway.prefix, gateway.link.id)
}

/// A prefix as a pattern that matches only itself.
pub(super) fn escaped(prefix: &str) -> String {
    let special = |letter| matches!(letter, '*' | '?' | '[' | ']' | '\\' | '^' | '-');
    prefix.chars().flat_map(|letter| special(letter).then_some('\\').into_iter().chain([letter])).collect()
}

/// The number of the last probe that came back.
#[derive(Debug, Default)]
struct Probes {
    returned: AtomicU64,
    came: Notify,
}

/// Hands over what the back end says.
async fn listen(gateway: &Gateway, hub: &Hub, mut stream: PubSubStream, probes: &Probes) -> Lost {
    let own = probe_channel(gateway);
    while let Some(message) = stream.next().await {
        let channel: Vec<u8> = message.get_channel().unwrap_or_default();
        let payload = message.get_payload_bytes();
        if channel == own.as_bytes() {
            let number = std::str::from_utf8(payload).ok().and_then(|number| number.parse().ok());
            probes.returned.fetch_max(number.unwrap_or_default(), Ordering::AcqRel);
            probes.came.notify_one();
            continue;
        }
        if let Heard::Other(channel) = hear(gateway, hub, &channel, payload.to_vec().into()) {
            tracing::debug!(channel = %String::from_utf8_lossy(channel), "a message on an unknown channel");
        }
    }
    Lost::Ended
}

/// Publishes what waits, in order.
async fn publish(gateway: &Gateway, mut connection: MultiplexedConnection) -> Lost {
    loop {
        let batch = gateway.queue.oldest().await;
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for Item { channel, payload, .. } in &batch {
            pipeline.cmd("PUBLISH").arg(&channel[..]).arg(&payload[..]);
        }
        let heard: Vec<i64> = match pipeline.query_async(&mut connection).await {
            Ok(heard) => heard,
            Err(error) => return error.into(),
        };
        gateway.queue.confirm(batch.len());
        for (item, heard) in batch.iter().zip(heard) {
            metrics::counter!("throng_wshub_published_total", "channel" => item.kind.name()).increment(1);
            if heard == 0 && item.kind != Kind::Gone {
                metrics::counter!("throng_wshub_unheard_total", "channel" => item.kind.name()).increment(1);
            }
        }
    }
}

/// Proves again and again that what is published comes back.
async fn probe(gateway: &Gateway, mut connection: MultiplexedConnection, probes: &Probes) -> Lost {
    let channel = probe_channel(gateway);
    for number in 1_u64.. {
        let sent: Result<i64, _> =
            redis::cmd("PUBLISH").arg(&channel).arg(number).query_async(&mut connection).await;
        if let Err(error) = sent {
            return error.into();
        }
        let back = async {
            while probes.returned.load(Ordering::Acquire) < number {
                probes.came.notified().await;
            }
        };
        if timeout(PATIENCE, back).await.is_err() {
            return Lost::TimedOut("the way of a probe through Redis");
        }
        if !gateway.link.set_ready(true) {
            tracing::info!(waiting = gateway.queue.len(), "Redis carries messages");
        }
        sleep(PROBE_EVERY).await;
    }
    Lost::Ended
}

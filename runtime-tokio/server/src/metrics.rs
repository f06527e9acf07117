//! Numbers for Prometheus: those of the hub, whose names [`throng_tokio::observe`] lists, and the program's own.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::fmt;
use std::time::Duration;
use throng_tokio::Hub;
use throng_tokio::observe::Meters;

/// What is measured between two scrapes would pile up if nobody fetched it.
const UPKEEP: Duration = Duration::from_secs(5);

/// The recorder of the process.
pub(crate) struct Recorder(PrometheusHandle);

/// The numbers of the hub and of the program.
pub(crate) struct Numbers {
    meters: Meters,
    recorder: PrometheusHandle,
}

impl Recorder {
    /// Installs the recorder: before anything that counts is made.
    ///
    /// # Errors
    /// The process has a recorder already.
    pub(crate) fn install() -> Result<Self, BuildError> {
        // From 10 µs to 10 s; from one to a million.
        const SECONDS: [f64; 13] = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0];
        const COUNTS: [f64; 10] = [1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 1048576.0];
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
            .set_buckets_for_metric(Matcher::Suffix("_bytes".into()), &COUNTS)?
            .set_buckets_for_metric(Matcher::Suffix("_clients".into()), &COUNTS)?;
        builder.install_recorder().map(Self)
    }

    /// The numbers of this hub.
    pub(crate) fn of(self, hub: &Hub) -> Numbers {
        let recorder = self.0.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                self.0.run_upkeep();
            }
        });
        Numbers { meters: Meters::new(hub), recorder }
    }
}

impl Numbers {
    /// The page for Prometheus.
    pub(crate) fn page(&self) -> String {
        self.meters.publish();
        self.recorder.render()
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbers")
    }
}

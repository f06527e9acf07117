//! Without the feature `broker-tls`.

use super::socket::Stream;
use throng_runtime::cluster::BrokerError;
use tokio::net::TcpStream;

/// No TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls(());

impl Tls {
    #[expect(clippy::unused_async, reason = "with the feature it waits")]
    pub(crate) async fn connect(&self, _: TcpStream, host: &str) -> Result<Stream, BrokerError> {
        Err(BrokerError::new(format_args!(
            "{host} is to be reached by TLS: this needs the feature `broker-tls` of throng-tokio"
        )))
    }
}

//! TLS to the servers, with certificates of this test.

use std::fs;
use std::sync::Arc;

use crate::support::{Link, publish};
use rcgen::{CertificateParams, Issuer, KeyPair};
use throng_tests::servers::{Nats, Redis, Server};
use throng_tokio::cluster::Broker;
use throng_tokio::{nats, redis};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Writes a server's certificate and key into its directory. Returns what its clients trust.
fn certify(server: &Server) -> Arc<ClientConfig> {
    let authority = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(Vec::new()).expect("no names");
    let root = params.self_signed(&authority).expect("a certificate");
    let issuer = Issuer::new(params, authority);
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    fs::write(server.directory().join("cert.pem"), certificate.pem()).expect("it takes a file");
    fs::write(server.directory().join("key.pem"), key.serialize_pem()).expect("it takes a file");
    trusting([root])
}

fn trusting<const N: usize>(certificates: [rcgen::Certificate; N]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.der().clone()).expect("a certificate");
    }
    Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

async fn works<B: Broker>(broker: &B) {
    let (mut one, mut other) = (Link::open(broker).await, Link::open(broker).await);
    one.subscribed("r").await;
    other.send([publish("r", vec![7; 300_000]), publish("r", "by TLS")]).await.expect("the link works");
    one.heard("by TLS").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_by_tls() {
    let (server, trusts) = Redis::start_with_tls(certify);
    let url = format!("rediss://localhost:{}", server.server.port());
    let broker = redis::Redis::new(&url).expect("a URL");
    works(&broker.clone().tls(trusts)).await;
    let error = broker.connect().await.expect_err("nothing is trusted").to_string();
    assert!(error.starts_with("TLS without trusted certificates"), "{error}");
    let error = broker.tls(trusting([])).connect().await.expect_err("it is not trusted").to_string();
    assert!(error.starts_with("TLS with localhost failed: ") && error.contains("UnknownIssuer"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_by_tls() {
    let mut trusts = None;
    let settings = "tls { cert_file: \"cert.pem\", key_file: \"key.pem\" }";
    let server = Nats::start_prepared(settings, |server| trusts = Some(certify(server)));
    let trusts = trusts.expect("it was prepared");
    // The server demands it, whatever the URL says.
    for scheme in ["tls", "nats"] {
        let url = format!("{scheme}://localhost:{}", server.server.port());
        let broker = nats::Nats::new([url.as_str()]).expect("a URL");
        works(&broker.clone().tls(Arc::clone(&trusts))).await;
        let error = broker.tls(trusting([])).connect().await.expect_err("it is not trusted").to_string();
        assert!(
            error.starts_with("TLS with localhost failed: ") && error.contains("UnknownIssuer"),
            "{error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_an_error_if_the_url_insists() {
    let (redis, nats) = (Redis::start(&[]), Nats::start(""));
    let url = format!("tls://localhost:{}", nats.server.port());
    let broker = nats::Nats::new([url.as_str()]).expect("a URL").tls(trusting([]));
    let error = broker.connect().await.expect_err("it has no TLS").to_string();
    assert!(
        error.starts_with("TLS with localhost failed: ") || error.contains("has not answered"),
        "{error}"
    );
    let url = format!("rediss://localhost:{}", redis.server.port());
    let broker = redis::Redis::new(&url).expect("a URL").tls(trusting([]));
    let error = broker.connect().await.expect_err("it has no TLS").to_string();
    assert!(
        error.starts_with("TLS with localhost failed: ") || error.contains("has not answered"),
        "{error}"
    );
}

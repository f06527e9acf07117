//! TLS for clients: the certificate, and another one while the program runs.

use crate::config::Tls;
use crate::config::types::TlsVersion;
use crate::files::content;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion, version};

/// A longer file is no certificate or key.
pub(crate) const MOST_BYTES: u64 = 1 << 20;

/// The certificate in use.
pub(crate) struct Certificate {
    tls: Tls,
    current: RwLock<Arc<ServerConfig>>,
    /// What the files had when they were read last, also if it was not taken.
    seen: Mutex<Files>,
}

/// What the files have now.
pub(crate) struct Fresh(Arc<ServerConfig>);

#[derive(PartialEq, Eq)]
struct Files {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Certificate {
    /// Reads the certificate and its key; `None` if the config has none.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub(crate) fn open(tls: &Tls) -> Result<Option<Self>, String> {
        let Some(files) = read(tls)? else { return Ok(None) };
        let config = made(tls, &files)?;
        Ok(Some(Self { tls: tls.clone(), current: RwLock::new(Arc::new(config)), seen: Mutex::new(files) }))
    }

    /// What makes TLS of a connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Reads the files again. What they have is used once it is [taken](Self::take).
    ///
    /// # Errors
    /// What is wrong with which file. The certificate of before stays in use.
    pub(crate) fn read_again(&self) -> Result<Fresh, String> {
        let files = read(&self.tls)?.ok_or("tls.certificate and tls.key are not set")?;
        let config = made(&self.tls, &files);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = files;
        config.map(Arc::new).map(Fresh)
    }

    /// Uses this certificate for new connections.
    pub(crate) fn take(&self, Fresh(config): Fresh) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    /// Whether the files have something else than when they were read last. Files that cannot be read are the same: they are about to be
    /// replaced, or a reload tells.
    fn is_changed(&self) -> bool {
        let files = read(&self.tls).ok().flatten();
        files.is_some_and(|files| *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != files)
    }

    /// Looks at the files every `tls.watch` seconds, for ever.
    pub(crate) async fn watch(self: Arc<Self>) {
        let pause = Duration::from_secs(self.tls.watch.0);
        while !pause.is_zero() {
            tokio::time::sleep(pause).await;
            let certificate = Arc::clone(&self);
            // The disk may take its time.
            let look = move || {
                certificate
                    .is_changed()
                    .then(|| certificate.read_again().map(|fresh| certificate.take(fresh)))
            };
            match tokio::task::spawn_blocking(look).await {
                Ok(None) => {}
                Ok(Some(Ok(()))) => {
                    tracing::info!("the TLS certificate has changed: new connections get the new one");
                }
                Ok(Some(Err(why))) => tracing::error!("the TLS certificate of before stays in use: {why}"),
                Err(error) => tracing::error!(%error, "the TLS certificate was not looked at"),
            }
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.tls.certificate).finish()
    }
}

fn read(tls: &Tls) -> Result<Option<Files>, String> {
    let (Some(chain), Some(key)) = (&tls.certificate, &tls.key) else { return Ok(None) };
    let chain = content(chain, MOST_BYTES).map_err(|why| format!("tls.certificate: {why}"))?;
    let key = content(key, MOST_BYTES).map_err(|why| format!("tls.key: {why}"))?;
    Ok(Some(Files { chain, key }))
}

/// rustls' config with this certificate.
fn made(tls: &Tls, files: &Files) -> Result<ServerConfig, String> {
    let name = |path: &Option<PathBuf>| path.as_deref().unwrap_or(Path::new("")).display().to_string();
    let (chain_file, key_file) = (name(&tls.certificate), name(&tls.key));
    let chain = CertificateDer::pem_slice_iter(&files.chain).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| format!("tls.certificate: {chain_file} is no PEM: {error}"))?;
    if chain.is_empty() {
        return Err(format!("tls.certificate: {chain_file} has no certificate in PEM (BEGIN CERTIFICATE)"));
    }
    let key = PrivateKeyDer::from_pem_slice(&files.key)
        .map_err(|_| format!("tls.key: {key_file} has no private key in PEM (BEGIN PRIVATE KEY)"))?;
    let versions: &[&SupportedProtocolVersion] = match tls.min_version {
        TlsVersion::V12 => &[&version::TLS12, &version::TLS13],
        TlsVersion::V13 => &[&version::TLS13],
    };
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config =
        config.with_protocol_versions(versions).map_err(|error| format!("tls.min_version: {error}"))?;
    let mut config = config
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| format!("tls.certificate: {chain_file} with {key_file}: {error}"))?;
    // WebSockets are spoken over HTTP/1.1.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

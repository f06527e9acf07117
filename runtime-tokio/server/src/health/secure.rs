//! TLS to the program's own listener.
//!
//! The certificate is compared with that of the config, not with authorities and names: it need not be one for "localhost". Another one is
//! a warning and no error, because the program may rightly have another one than the files: they were renewed a moment ago, or cannot be
//! used. A container must not be restarted for that. The program still proves that it has the key of the certificate that it shows.

use super::timed::Timed;
use crate::config::Tls;
use crate::files::content;
use crate::tls::MOST_BYTES;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, InvalidMessage, SignatureScheme,
    StreamOwned,
};

/// The handshake, and a warning if the program has another certificate than the config.
pub(super) fn begin(
    mut stream: Timed,
    ip: IpAddr,
    tls: &Tls,
) -> Result<(StreamOwned<ClientConnection, Timed>, Option<String>), String> {
    let provider = ring::default_provider();
    let verifier = AnyCertificate(provider.signature_verification_algorithms);
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), ServerName::from(ip))
        .map_err(|error| format!("TLS: {error}"))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(|error| refused(&error))?;
    }
    let shown = connection.peer_certificates().and_then(<[_]>::first);
    let warning = match expected(tls) {
        Ok(expected) if shown == Some(&expected) => None,
        Ok(_) => Some(
            "the program has another certificate than `tls.certificate`: new files are taken after `tls.watch` seconds or at a reload; \
             if that is over, the log says why they were not"
                .into(),
        ),
        Err(why) => Some(format!("the certificate of the program cannot be compared: tls.certificate: {why}")),
    };
    Ok((StreamOwned::new(connection, stream), warning))
}

/// The first certificate of the file.
fn expected(tls: &Tls) -> Result<CertificateDer<'static>, String> {
    let path = tls.certificate.as_deref().ok_or("is not set")?;
    CertificateDer::from_pem_slice(&content(path, MOST_BYTES)?)
        .map_err(|error| format!("{} is no PEM: {error}", path.display()))
}

fn refused(error: &io::Error) -> String {
    let cause = error.get_ref().and_then(|error| error.downcast_ref::<Error>());
    match cause {
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "what answers there does not speak TLS: does the program there run without `tls.certificate`?"
                .into()
        }
        _ => format!("TLS: {error}"),
    }
}

/// Takes any certificate whose key the other side proves to have.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

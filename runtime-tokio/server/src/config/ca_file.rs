//! A file with the certificates to trust for HTTPS.

use super::value::Setting;
use serde_json::Value;
use std::fmt;
use std::path::Path;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// A file with certificates, which is read with the config.
#[derive(Clone)]
pub(crate) struct CaFile {
    path: String,
    certificates: Vec<CertificateDer<'static>>,
}

/// The file is read at the start only.
impl PartialEq for CaFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl fmt::Debug for CaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CaFile").field(&self.path).finish()
    }
}

impl CaFile {
    /// The certificates to trust: those of the file.
    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.certificates.iter().cloned());
        roots
    }
}

impl Setting for CaFile {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be the path of a file with certificates in PEM";
        let path = value.as_str().filter(|path| !path.is_empty()).ok_or(ALLOWED)?;
        let read = CertificateDer::pem_file_iter(Path::new(path)).and_then(Iterator::collect);
        let certificates: Vec<CertificateDer<'static>> =
            read.map_err(|error| format!("{ALLOWED}: {error}"))?;
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|error| format!("{ALLOWED}: {error}"))?;
        }
        if roots.is_empty() {
            return Err(format!("{ALLOWED}: it has none"));
        }
        Ok(Self { path: path.into(), certificates })
    }

    fn write(&self) -> Value {
        self.path.as_str().into()
    }
}

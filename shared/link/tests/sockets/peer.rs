//! Peers that answer a connection with fixed bytes, with or without TLS.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rumqttc::tokio_rustls::TlsAcceptor;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use vehicle_link::TlsFiles;

pub(crate) const ACCEPTED: &[u8] = &[0x20, 2, 0, 0];
pub(crate) const UNAVAILABLE: &[u8] = &[0x20, 2, 0, 3];
pub(crate) const REFUSES_LOGIN: &[u8] = &[0x20, 2, 0, 5];

/// Reserves a port on which nobody listens.
pub(crate) fn free_port() -> (TcpSocket, u16) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

/// Answers whatever comes first with `bytes`, then ends the connection; no bytes: ends it unread.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let mut first = [0; 4096];
    let _ = stream.read(&mut first).await;
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    // Drained, so that the system does not reset the connection before the answer is read.
    while stream.read(&mut first).await.is_ok_and(|length| length > 0) {}
}

pub(crate) async fn listen(host: &str, bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind((host, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, bytes));
        }
    });
    port
}

#[derive(Clone, Copy)]
pub(crate) enum Validity {
    Past,
    Present,
    Future,
}

/// A certificate authority with a client certificate, in files.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: rcgen::Certificate,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("vehicle CA")
    }

    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap();
        let authority = Self { issuer: Issuer::new(params, key), root, folder: tempfile::tempdir().unwrap() };
        let (certificate, key) = authority.signed(&["mule"], Validity::Present);
        authority.write("ca.pem", &authority.root.pem());
        authority.write("cert.pem", &certificate.pem());
        authority.write("key.pem", &key.serialize_pem());
        authority
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn signed(&self, names: &[&str], validity: Validity) -> (rcgen::Certificate, KeyPair) {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) = match validity {
            Validity::Past => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1)),
            Validity::Present => (date_time_ymd(2000, 1, 1), date_time_ymd(4000, 1, 1)),
            Validity::Future => (date_time_ymd(3999, 1, 1), date_time_ymd(4000, 1, 1)),
        };
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        roots
    }

    pub(crate) fn ca_only(&self) -> TlsFiles {
        TlsFiles { ca_file: Some(self.folder.path().join("ca.pem")), ..TlsFiles::default() }
    }

    pub(crate) fn client(&self) -> TlsFiles {
        let path = |name| Some(self.folder.path().join(name));
        TlsFiles { cert_file: path("cert.pem"), key_file: path("key.pem"), ..self.ca_only() }
    }
}

/// How a broker shows itself, and whose clients it lets in.
pub(crate) struct Tls<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) name: &'a str,
    pub(crate) validity: Validity,
    pub(crate) clients: Option<&'a Authority>,
}

impl<'a> Tls<'a> {
    /// Makes a certificate for `localhost` that is in force, and asks clients for none.
    pub(crate) fn of(authority: &'a Authority) -> Self {
        Self { authority, name: "localhost", validity: Validity::Present, clients: None }
    }

    fn config(&self) -> ServerConfig {
        let names: &[&str] =
            if self.name == "localhost" { &["localhost", "127.0.0.1"] } else { &[self.name] };
        let (certificate, key) = self.authority.signed(names, self.validity);
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let roots = Arc::new(clients.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

/// Accepts every login over TLS.
pub(crate) async fn listen_tls(tls: Tls<'_>) -> u16 {
    let acceptor = TlsAcceptor::from(Arc::new(tls.config()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handshake = acceptor.accept(stream).into_fallible();
            tokio::spawn(async move {
                match handshake.await {
                    Ok(stream) => answer(stream, ACCEPTED).await,
                    Err((_, mut stream)) => {
                        let _ = stream.shutdown().await;
                        let mut rest = [0; 4096];
                        while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
                    }
                }
            });
        }
    });
    port
}
